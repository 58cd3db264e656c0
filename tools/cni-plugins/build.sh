#!/bin/sh
# Builds the plugins of CNI mode as the image has them: sh build.sh FOLDER
#
# FOLDER: an absolute path. GOARCH says for which machine. They run on hosts, whose libraries nobody knows: static, without cgo.
set -eu
cd "$(dirname "$0")"
for plugin in main/bridge main/loopback ipam/host-local meta/portmap; do
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$1/$(basename $plugin)" \
    "github.com/containernetworking/plugins/plugins/$plugin"
done
