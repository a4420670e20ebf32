#!/usr/bin/env bash
# Run Packer's plugin for Huawei Cloud through `ims-mock proxy`, on a machine that gets the module of the plugin.
#
# By its source, the plugin gets as far as this:
# - both parts log in: GET /v3/projects at the host iam.<cloud>, signed with the AK/SK
# - the builder then asks ECS for the availability zones, at ecs.<region>.<cloud>, before it looks for an image
# - the post-processor first uploads the file, to obs.<region>.<cloud>
# The mock has neither service. The calls to IMS that would follow are in interop/go-sdk-2023.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
proxy=
trap 'test -z "$proxy" || kill "$proxy"; rm -rf "$work"' EXIT

# The module has the name of an older repository.
python ../go_module.py github.com/huaweicloud/packer-builder-huaweicloud@v1.2.1 --name packer-plugin-huaweicloud
python ../go_module.py github.com/hashicorp/packer@v1.11.2
export PACKER_PLUGIN_PATH="$work/plugins" CHECKPOINT_DISABLE=1
bin/packer plugins install --path bin/packer-plugin-huaweicloud github.com/huaweicloud/huaweicloud

python -m ims_mock proxy --port 0 --auth strict --public-images --ca-file "$work/ca.pem" --url-file "$work/url" &
proxy=$!
until test -s "$work/url"; do sleep 0.1; done
eval "$(python -m ims_mock env packer --url "$(cat "$work/url")" --ca-file "$work/ca.pem")"

cp huaweicloud.pkr.hcl "$work"
truncate --size 1M "$work/web.qcow2"
packer=$PWD/bin/packer
cd "$work"
"$packer" validate huaweicloud.pkr.hcl
"$packer" build huaweicloud.pkr.hcl || true
curl -s https://ims.cn-north-4.myhuaweicloud.com/_ims_mock/journal
