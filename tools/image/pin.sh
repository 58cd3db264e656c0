#!/bin/sh
# Writes the digests of today's base images into tools/image/base-images, by skopeo or docker. Look at the change, and commit it.
set -eu
file=$(dirname "$0")/base-images
digest() {
  if command -v skopeo > /dev/null; then skopeo inspect --format '{{.Digest}}' "docker://$1"
  else docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"; fi
}
sed -n 's/^\([A-Z_]*\)=\([^@]*\).*$/\1 \2/p' "$file" | while read -r name image; do
  found=$(digest "$image")
  case $found in sha256:*) ;; *) echo "pin: the registry has no digest for $image: $found" >&2; exit 1 ;; esac
  sed "s|^$name=.*|$name=$image@$found|" "$file" > "$file.new"
  mv "$file.new" "$file"
done
