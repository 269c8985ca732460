#!/usr/bin/env bash
# curl: a photo by an upload URL. Prints its image id.
set -euo pipefail
photo=$1
size=$(wc -c <"$photo")
issued=$(curl --silent --show-error --fail-with-body --request POST "$ENDPOINT" \
  --header "Authorization: Bearer $TOKEN" --data "{\"content_type\":\"image/jpeg\",\"content_length\":$((size))}")
curl --silent --show-error --fail-with-body --retry 5 --upload-file "$photo" \
  --header "Content-Type: image/jpeg" "$(jq --raw-output .upload_url <<<"$issued")"
jq --raw-output .image_id <<<"$issued"
