//go:build tools

// Package tools pins the Kubernetes program that the lab builds from its Go module.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
