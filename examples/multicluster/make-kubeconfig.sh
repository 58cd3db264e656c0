#!/bin/sh
# Prints a kubeconfig for the hub's account in a member (manifests/member.yaml).
#
#   ./make-kubeconfig.sh [--context NAME] [SERVER] > east.kubeconfig
#
# NAME: the member's context in your own kubeconfig; default: the current one.
# SERVER: the address of the member's API server as the hub's pod reaches it; default: the one that you use. It must be a name or
# an address in the API server's certificate.
#
# What it prints lets whoever has it do what member.yaml allows: keep it as you keep a password.
set -eu
context=""
[ "${1:-}" != --context ] || { context=${2:?--context needs a name}; shift 2; }
k() { if [ -n "$context" ]; then kubectl --context "$context" "$@"; else kubectl "$@"; fi; }
secret() { k -n kilofed get secret kilofed-hub -o "jsonpath={.data.$1}"; }

server=${1:-$(k config view --minify -o 'jsonpath={.clusters[0].cluster.server}')}
case $server in
  https://127.* | https://localhost* | "https://[::1]"*) echo "make-kubeconfig: $server leads the hub to itself: give the address that others use, as in: ./make-kubeconfig.sh https://203.0.113.7:6443" >&2 ;;
esac
token=$(secret token | base64 -d)
[ -n "$token" ] || { echo "make-kubeconfig: Secret kilofed/kilofed-hub has no token yet: apply manifests/member.yaml, and try again in a moment" >&2; exit 1; }
cat <<K
apiVersion: v1
kind: Config
clusters: [{name: member, cluster: {server: "$server", certificate-authority-data: $(secret 'ca\.crt')}}]
users: [{name: kilofed-hub, user: {token: $token}}]
contexts: [{name: member, context: {cluster: member, user: kilofed-hub}}]
current-context: member
K
