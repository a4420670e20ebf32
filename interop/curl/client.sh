#!/bin/bash
# The life of an image with curl: each check is a function that fails if the service does not do what its manual says.
set -u
status=0

# Send a request with the token: ims PATH OPTIONS...
ims() {
    local path=$1
    shift
    curl --silent --show-error --fail-with-body --header "X-Auth-Token: $IMS_TOKEN" "$IMS_URL$path" "$@"
}

# Print the attribute of a JSON object whose value is a string, a number, true or false: attribute NAME
attribute() {
    sed -n 's/.*"'"$1"'": *"\{0,1\}\([^",}]*\).*/\1/p' | head -n 1
}

# Print the outcome of a check, with what it printed if it has failed: check OUTCOME NAME FUNCTION [NOTE]
check() {
    local output
    if output=$("$3" 2>&1); then
        printf '{"check": "%s", "outcome": "%s"%s}\n' "$2" "$1" "${4:+, \"note\": \"$4\"}"
    else
        printf '{"check": "%s", "outcome": "broken", "note": "see stderr"}\n' "$2"
        printf '%s: %s\n' "$2" "$output" >&2
        status=1
    fi
}

log_in() {
    [ "${#IMS_TOKEN}" -gt 30 ] && ims /v3/auth/projects | grep '"name": *"demo"'
}

create() {
    [ "$(attribute status <<<"$image")" = queued ] && [ "$(attribute min_disk <<<"$image")" = 40 ]
}

upload() {
    ims "/v2/images/$id/file" --upload-file disk.raw --header 'Content-Type: application/octet-stream' &&
        [ "$(ims "/v2/images/$id" | attribute status)" = active ] &&
        ims "/v2/images/$id" | grep "\"checksum\": *\"$(md5sum disk.raw | cut -d ' ' -f 1)\""
}

download() {
    ims "/v2/images/$id/file" --output copy.raw && cmp disk.raw copy.raw
}

resume() {
    head -c 1000 disk.raw >part.raw && ims "/v2/images/$id/file" --continue-at - --output part.raw && cmp disk.raw part.raw
}

list() {
    [ "$(ims /v2/images --get --data-urlencode name=web --data limit=5 | attribute id)" = "$id" ] &&
        [ "$(ims '/v2/cloudimages?__imagetype=gold&limit=2' | grep -o '"__imagetype": *"gold"' | wc -l)" = 2 ]
}

patch() {
    local changed
    changed=$(ims "/v2/images/$id" --request PATCH --header 'Content-Type: application/openstack-images-v2.1-json-patch' \
        --data '[{"op": "replace", "path": "/name", "value": "web-2"}]') &&
        [ "$(attribute name <<<"$changed")" = web-2 ]
}

share() {
    [ "$(ims "/v2/images/$id/members" --json '{"member": "'"$ALT_PROJECT"'"}' | attribute status)" = pending ] &&
        ims "/v2/images/$id/members/$ALT_PROJECT" --request DELETE
}

tag() {
    ims "/v2/images/$id/tags/web%20server" --request PUT --data '' && ims "/v2/images/$id" | grep '"web server"'
}

job() {
    local job copy
    job=$(ims "/v1/cloudimages/$id/copy" --json '{"name": "copy"}' | attribute job_id) &&
        job=$(ims "/v1/cloudimages/job/$job") && [ "$(attribute status <<<"$job")" = SUCCESS ] &&
        copy=$(attribute image_id <<<"$job") && [ "$(ims "/v2/images/$copy" | attribute name)" = copy ]
}

delete() {
    [ "$(ims "/v2/images/$id" --request DELETE --write-out '%{http_code}')" = 204 ] &&
        [ -z "$(ims "/v2/images?name=web-2" | attribute id)" ]
}

small_disk() {
    ! ims /v2/images --json '{"name": "small", "min_disk": 39}' >small.json &&
        [ "$(attribute code <small.json)" = IMG.0055 ]
}

gone() {
    ! ims "/v2/images/$id" >gone.json && [ "$(attribute code <gone.json)" = IMG.0144 ]
}

wrong_token() {
    ! curl --silent --fail-with-body --header 'X-Auth-Token: wrong' "$IMS_URL/v2/images" >token.json &&
        [ "$(attribute error_code <token.json)" = APIGW.0301 ]
}

# Print what a response is: described list|create <RESPONSE
described() {
    local response
    response=$(tr -d '\n ')
    case "$1 $response" in
        'list '*'"images":[]'*) echo 'an empty list of images' ;;
        'list '*'"images":['*) echo 'a list of images' ;;
        'list '*) echo 'no list of images' ;;
        'create '*'"status":"queued"'*) echo 'an image that is queued' ;;
        *) echo 'no image' ;;
    esac
}

# Make one call, and print what it returned, or how curl ended: call_alone list|create
call_alone() {
    local options=() ended
    [ "$1" = create ] && options=(--json '{"name": "web"}')
    ims /v2/images "${options[@]}" --output "$1.out"
    ended=$?
    if [ "$ended" -eq 0 ]; then
        printf '{"returned": "%s"}\n' "$(described "$1" <"$1.out")"
    else
        printf '{"raised": "exit status %s"}\n' "$ended"
    fi
}

if [ $# -gt 0 ]; then
    call_alone "$1"
    exit
fi

head -c 100000 /dev/urandom >disk.raw
image=$(ims /v2/images --json '{"name": "web", "min_disk": 40, "disk_format": "raw", "container_format": "bare"}')
id=$(attribute id <<<"$image")
ALT_PROJECT=7be1d20c94f34a0d8e5c6b3a2f1e0d9c

check works 'log in' log_in
check works 'create an image' create
check works 'upload a file' upload
check works 'download it' download
check works 'resume a download' resume
check works 'list images with filters' list
check works 'rename an image' patch
check works 'tag with a blank' tag
check works 'share an image' share
check works 'copy an image by a job' job
check refused 'min_disk of 39' small_disk 'IMG.0055: min_disk is at least 40.'
check works 'delete an image' delete
check refused 'image that does not exist' gone 'IMG.0144: no image has this id.'
check refused 'wrong token' wrong_token 'APIGW.0301: the token was not issued.'
exit "$status"
