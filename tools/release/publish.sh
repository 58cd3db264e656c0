#!/bin/sh
# Pushes what `make release` made, and signs it without a key: by who runs this, as the workflow's token tells (cosign, keyless).
#
#   sh publish.sh FOLDER OWNER
#
# Images become ghcr.io/OWNER/kilofed and kilofed-hub, the chart ghcr.io/OWNER/charts/kilofed. REGISTRY_USER and REGISTRY_PASSWORD log in.
# Needs skopeo, helm and cosign, as GitHub's runners have them or the workflow installs them. Pushing the same again changes nothing.
set -eu
folder=$1
owner=$(echo "$2" | tr '[:upper:]' '[:lower:]')
registry=ghcr.io
version=$(cat "$folder/version")

echo "$REGISTRY_PASSWORD" | skopeo login --username "$REGISTRY_USER" --password-stdin "$registry"
echo "$REGISTRY_PASSWORD" | helm registry login --username "$REGISTRY_USER" --password-stdin "$registry"
echo "$REGISTRY_PASSWORD" | cosign login --username "$REGISTRY_USER" --password-stdin "$registry"

while read -r digest name; do
  image=${name##*/}
  image=${image%%:*}
  target=$registry/$owner/$image
  skopeo copy --all --preserve-digests "oci:$folder/image/$image" "docker://$target:$version"
  pushed=$(skopeo inspect --raw "docker://$target:$version" | sha256sum | cut -d ' ' -f 1)
  if [ "sha256:$pushed" != "$digest" ]; then
    echo "publish: $target:$version is sha256:$pushed in the registry, and was built as $digest" >&2
    exit 1
  fi
  cosign sign --yes --recursive "$target@$digest"
  cosign attest --yes --type spdxjson --predicate "$folder/image/$image.spdx.json" "$target@$digest"
done < "$folder/image/digests"

printed=$(helm push "$folder/files/kilofed-$version.tgz" "oci://$registry/$owner/charts" 2>&1)
echo "$printed"
chart=$(echo "$printed" | sed -n 's/^Digest: *\(sha256:[0-9a-f]*\)$/\1/p')
if [ -z "$chart" ]; then
  echo "publish: helm does not say under which digest it pushed the chart" >&2
  exit 1
fi
cosign sign --yes "$registry/$owner/charts/kilofed@$chart"
