//go:build tools

// Package tools pins the etcd program that the lab builds from its Go module.
package tools

import _ "go.etcd.io/etcd/server/v3"
