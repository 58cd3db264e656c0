//go:build tools

// Package tools pins the flannel that the lab builds from its Go module.
package tools

import _ "github.com/flannel-io/flannel"
