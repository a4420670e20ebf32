#!/usr/bin/env bash
# Records schemathesis/*.yaml with `pip install schemathesis==4.32.5`, beside `ims-mock`, and keeps a few interactions of each.
set -euo pipefail
cd "$(dirname "$0")/schemathesis"
url=http://127.0.0.1:9292
for name in vcr vcr_bytes; do
    flags=()
    [ "$name" = vcr_bytes ] && flags=(--report-preserve-bytes)
    schemathesis run "$url/_ims_mock/openapi.json" --url "$url" -H "X-Auth-Token: ims-mock-token" \
        --include-operation-id glance_list_images --include-operation-id copy_image_in_region \
        --phases fuzzing --max-examples 8 --generation-deterministic --checks not_a_server_error \
        --report vcr --report-vcr-path "$name.yaml" "${flags[@]}" >&2 || true
    python - "$name.yaml" <<'PYTHON'
import sys
import yaml

path = sys.argv[1]
with open(path) as file:
    report = yaml.safe_load(file)
of_mode = {}
for interaction in report["http_interactions"]:
    of_mode.setdefault((interaction["generation"]["mode"], interaction["request"]["method"]), []).append(interaction)
report["http_interactions"] = [item for items in of_mode.values() for item in items[:4]]
report["command"] = "schemathesis run"
with open(path, "w") as file:
    yaml.safe_dump(report, file, sort_keys=False, width=140)
PYTHON
done
