#!/bin/sh
# Builds wireguard-go as the image and the lab have it: sh build.sh OUT
#
# OUT: an absolute path. GOARCH says for which machine. Equal sources and one Go give equal bytes, wherever they are built.
#
# With one repair. Its sender keeps addresses in a pool and cuts them to 4 bytes for IPv4; for IPv6 it copies 16 bytes before it
# makes them 16 again, so that of an address that was IPv4 before only 4 arrive: fd20:0:1::11 becomes fd20::. A gateway with
# tunnels of both families loses packets at random (conn/bind_std.go, Send). Here the two lines change places.
# See docs/decisions/0010-wireguard-go-with-one-repair.md.
set -eu
cd "$(dirname "$0")"
go mod download golang.zx2c4.com/wireguard
module="$(go list -m -f '{{.Dir}}' golang.zx2c4.com/wireguard)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp -r "$module" "$work/wireguard"
chmod -R u+w "$work/wireguard"
awk '
  /copy\(ua\.IP, as(16|4)\[:\]\)/ { held = $0; next }
  held != "" { if ($0 ~ /ua\.IP = ua\.IP\[:(16|4)\]/) repaired++; print; print held; held = ""; next }
  { print }
  END { exit repaired == 2 ? 0 : 1 }
' "$module/conn/bind_std.go" > "$work/wireguard/conn/bind_std.go" || {
  echo "conn/bind_std.go is not what it was: if it sets the length of ua.IP before it copies, drop this repair" >&2
  exit 1
}
cp go.mod go.sum tools.go "$work/"
# From there, and by a relative path, so that nothing in the program tells in which folder it was built.
cd "$work"
go mod edit -replace golang.zx2c4.com/wireguard=./wireguard
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$1" golang.zx2c4.com/wireguard
