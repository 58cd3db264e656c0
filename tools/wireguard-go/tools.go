//go:build tools

// Package tools pins the userspace WireGuard that stands in where the kernel has none.
package tools

import _ "golang.zx2c4.com/wireguard"
