#!/bin/sh
# Upload a disk image as the latest one, and print its id: release_image.sh NAME FILE
#
# The latest image has the tag "latest"; the one before loses it. PATIENCE is how many seconds a command may take.
# The cloud is that of the variables OS_AUTH_URL, OS_USERNAME and so on, or of clouds.yaml that OS_CLOUD names.
set -eu
name=$1
file=$2
# With the type "password", and without a limit, a command may wait for ever.
export OS_AUTH_TYPE=v3password
images() { timeout "${PATIENCE:-600}" openstack image "$@"; }

# An id of our own is known even where the response to the create is lost.
id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-/')
fail() {
    images delete "$id" || true
    exit 1
}

before=$(images list --tag latest -f value -c ID) || exit 1
images create "$name" --id "$id" --file "$file" --disk-format qcow2 --container-format bare >&2 || fail
# An upload can fail after its response.
test "$(images show "$id" -f value -c status)" = active || fail
images set --tag latest "$id" || fail
for other in $before; do
    images unset --tag latest "$other" || exit 1
done
echo "$id"
