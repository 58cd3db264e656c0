//go:build tools

// Package tools pins the Helm 4 that tests of the chart run.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
