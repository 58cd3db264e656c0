#!/bin/sh
# Builds flannel as the lab runs it: sh build.sh OUT
#
# Without its backend udp, which is for machines without VXLAN and needs a C compiler: with one, Go would compile all packages anew that
# the Kubernetes programs share with flannel.
set -eu
cd "$(dirname "$0")"
go mod download github.com/flannel-io/flannel
module="$(go list -m -f '{{.Dir}}' github.com/flannel-io/flannel)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp -r "$module" "$work/flannel"
chmod -R u+w "$work/flannel"
rm "$work"/flannel/pkg/backend/udp/*_amd64.*
echo 'package udp' > "$work/flannel/pkg/backend/udp/none.go"
cp go.mod go.sum "$work/"
go mod edit -replace "github.com/flannel-io/flannel=$work/flannel" "$work/go.mod"
CGO_ENABLED=0 go build -modfile="$work/go.mod" -trimpath -ldflags '-s -w' -o "$1" github.com/flannel-io/flannel
