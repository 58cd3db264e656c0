#!/bin/sh
# The root of the hub's image, in an empty folder: Node, the libraries that it loads, and what the C library looks up. No shell, and no
# program of the host's: sh hub-root.sh FOLDER
set -eu
root=$1
node=$(command -v node)
mkdir -p "$root/usr/local/bin" "$root/etc" "$root/tmp" "$root/app"
chmod 1777 "$root/tmp"
cp -L "$node" "$root/usr/local/bin/node"
# Two forms: `name => /path (address)`, and the loader's own path.
ldd "$node" | sed -n 's/^.*=> \(\/[^ ]*\) .*$/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (0x.*$/\1/p' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'nobody:x:65534:65534:nobody:/:/sbin/nologin' > "$root/etc/passwd"
echo 'nogroup:x:65534:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
