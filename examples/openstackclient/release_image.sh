#!/bin/sh
# Upload a disk image as the latest one, and print its id: release_image.sh NAME FILE
#
# The latest image has the tag "latest", and is protected; the one before loses both.
# The cloud is that of the variables OS_AUTH_URL, OS_USERNAME and so on, or of clouds.yaml that OS_CLOUD names.
set -eu
name=$1
file=$2

before=$(openstack image list --tag latest -f value -c ID)

openstack image create "$name" \
    --file "$file" --disk-format qcow2 --container-format bare \
    --tag latest --protected \
    -f value -c id

for id in $before; do
    openstack image unset --tag latest "$id"
    openstack image set --unprotected "$id"
done
