#!/usr/bin/env bash
# Verify a real Glance from PyPI, on sqlite, with this mock as its Keystone: sh interop/glance.sh [option of contract verify ...]
# CI does not run it: it installs some 120 packages. Needs an environment with ims_mock[contract], on the PATH or in PYTHON.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
work="$(mktemp -d)"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

venv="${GLANCE_VENV:-$work/venv}"
[ -x "$venv/bin/gunicorn" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet glance==33.0.0 gunicorn==27.0.1; }

# A Keystone has implied roles, of which Glance asks for "reader", and the mock has none.
cat >"$work/accounts.json" <<JSON
{"users": [{"name": "one", "roles": {"demo": ["member", "reader"]}}, {"name": "two", "roles": {"alt": ["member", "reader"]}}]}
JSON
"$python" -m ims_mock --port 0 --auth strict --accounts "$work/accounts.json" --url-file "$work/keystone" --quiet &
pids+=($!)
for _ in $(seq 100); do [ -s "$work/keystone" ] && break; sleep 0.1; done
keystone="$(cat "$work/keystone")"

mkdir "$work/images" "$work/staging" "$work/tasks"
cat >"$work/glance-api.conf" <<CONF
[DEFAULT]
enabled_backends = store:file
[database]
connection = sqlite:///$work/glance.db
[glance_store]
default_backend = store
[store]
filesystem_store_datadir = $work/images
[os_glance_staging_store]
filesystem_store_datadir = $work/staging
[os_glance_tasks_store]
filesystem_store_datadir = $work/tasks
[paste_deploy]
flavor = keystone
config_file = $venv/etc/glance/glance-api-paste.ini
[keystone_authtoken]
auth_type = password
auth_url = $keystone/v3
www_authenticate_uri = $keystone/v3
username = admin
password = secret
project_name = admin
user_domain_name = Default
project_domain_name = Default
CONF
"$venv/bin/glance-manage" --config-file "$work/glance-api.conf" db_sync >"$work/db.log" 2>&1 || { cat "$work/db.log"; exit 3; }
HOME="$work" OS_GLANCE_CONFIG_DIR="$work" "$venv/bin/gunicorn" --bind 127.0.0.1:0 --threads 4 glance.wsgi.api:application >"$work/log" 2>&1 &
pids+=($!)
for _ in $(seq 300); do grep -q "Listening at" "$work/log" && break; sleep 0.1; done
glance="$(sed -n 's/.*Listening at: \(http:[^ ]*\).*/\1/p' "$work/log")"

export OS_AUTH_URL="$keystone/v3" OS_USERNAME=one OS_PASSWORD=secret OS_PROJECT_NAME=demo
export OS_USERNAME_2=two OS_PASSWORD_2=secret OS_PROJECT_NAME_2=alt
"$python" -m ims_mock contract verify "$glance" --profile glance --poll 0.1 --timeout 30 "$@" || { status=$?; [ -z "${SHOW_LOG:-}" ] || tail -n 60 "$work/log"; exit $status; }
