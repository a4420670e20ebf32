#!/bin/sh
# Create an image with a file, and print its id: upload_image.sh NAME FILE
#
# IMS_URL is where the service is, and IMS_TOKEN a token for it.
set -eu
name=$1
file=$2

ims() {
    curl --silent --show-error --fail-with-body --header "X-Auth-Token: $IMS_TOKEN" "$@"
}

if ! image=$(ims "$IMS_URL/v2/images" --data "{\"name\": \"$name\", \"disk_format\": \"qcow2\"}"); then
    echo "$image" >&2
    exit 1
fi
id=$(printf %s "$image" | sed 's/.*"id": *"\([^"]*\)".*/\1/')

if ! ims "$IMS_URL/v2/images/$id/file" --upload-file "$file" --header "Content-Type: application/octet-stream" >&2; then
    ims "$IMS_URL/v2/images/$id" --request DELETE
    exit 1
fi
echo "$id"
