#!/bin/sh
# Prints a kubeconfig for the hub's account in the cluster that kubectl talks to now.
#   ./make-kubeconfig.sh > east.kubeconfig
# The server address must be one that the hub can reach; give another as the first argument.
set -eu
secret() { kubectl -n kilofed get secret kilofed-hub -o "jsonpath={.data.$1}"; }
server=${1:-$(kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}')}
token=$(secret token | base64 -d)
[ -n "$token" ] || { echo "make-kubeconfig: the token of Secret kilofed/kilofed-hub is not there yet: apply manifests/member.yaml and try again" >&2; exit 1; }
cat <<K
apiVersion: v1
kind: Config
clusters: [{name: member, cluster: {server: "$server", certificate-authority-data: $(secret 'ca\.crt')}}]
users: [{name: kilofed-hub, user: {token: $token}}]
contexts: [{name: member, context: {cluster: member, user: kilofed-hub}}]
current-context: member
K
