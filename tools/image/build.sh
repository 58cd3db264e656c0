#!/bin/sh
# Builds both images with podman or docker, on base images of known content only: sh tools/image/build.sh [PREFIX]
#
# PREFIX: what comes before `kilofed:VERSION` and `kilofed-hub:VERSION`; default ghcr.io/kilofed/.
set -eu
cd "$(dirname "$0")/../.."
prefix=${1:-ghcr.io/kilofed/}
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
unpinned=$(grep '=' tools/image/base-images | grep -Ev '@sha256:[0-9a-f]{64}$' || true)
if [ -n "$unpinned" ]; then
  echo "build: these base images have no digest, so their content is not known. Run sh tools/image/pin.sh first:" >&2
  echo "$unpinned" >&2
  exit 1
fi
builder=$(command -v podman || command -v docker) || { echo "build: needs podman or docker" >&2; exit 1; }
arguments=$(sed -n 's/^\([A-Z_]*=.*\)$/--build-arg \1/p' tools/image/base-images)
# shellcheck disable=SC2086 # one word each
for target in kilofed kilofed-hub; do "$builder" build $arguments --target "$target" -t "$prefix$target:$version" -f Containerfile .; done
