#!/bin/sh
# Builds the Go programs of the image of nodes (tools/image/contents.ts): sh programs.sh FOLDER ARCHITECTURE
#
# FOLDER: an absolute path, made where it is missing. ARCHITECTURE: amd64 or arm64; the builder may be of another.
set -eu
folder=$1
GOARCH=$2
export GOARCH GOOS=linux
cd "$(dirname "$0")/.."
mkdir -p "$folder"
sh wireguard-go/build.sh "$folder/wireguard-go"
sh cni-plugins/build.sh "$folder"
