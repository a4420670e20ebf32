#!/bin/sh
# Create an image with a file, and print its id: upload_image.sh NAME FILE
#
# IMS_URL is where the service is, and IMS_TOKEN a token for it. PATIENCE is for how many seconds nothing may come.
set -eu
name=$1
file=$2
# An id of our own is known even where the response to the create is lost.
id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-/')

ims() {
    path=$1
    shift
    curl --silent --show-error --fail-with-body --header "X-Auth-Token: $IMS_TOKEN" \
        --speed-limit 1 --speed-time "${PATIENCE:-60}" "$IMS_URL/v2/images$path" "$@"
}

fail() {
    ims "/$id" --request DELETE >&2 || true
    exit 1
}

ims "" --data "{\"id\": \"$id\", \"name\": \"$name\", \"disk_format\": \"qcow2\"}" >&2 || fail
ims "/$id/file" --upload-file "$file" --header "Content-Type: application/octet-stream" >&2 || fail
# An upload can fail after its response.
ims "/$id" | grep '"status": *"active"' >&2 || fail
echo "$id"
