#!/bin/sh
# Prints a kubeconfig for the hub's account in a member (manifests/member.yaml).
#
#   ./make-kubeconfig.sh [--context NAME] [SERVER] > east.kubeconfig
#
# NAME: the member's context in your own kubeconfig; default: the current one.
# SERVER: the address of the member's API server as the hub's pod reaches it; default: the one that you use. It must be in the
# API server's certificate, as a name or an address.
#
# The output contains a token, which ends after 30 days. Whoever has it may do what member.yaml allows: keep it like a password. A file
# that it goes to is made yours alone.
set -eu
umask 077
fail() { echo "make-kubeconfig: $1" >&2; exit 1; }
context=""
case ${1:-} in
  -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
  --context) context=${2:?--context needs a name}; shift 2 ;;
  --context=?*) context=${1#--context=}; shift ;;
esac
[ $# -le 1 ] || fail "too many words: see -h"
case ${1:-https://} in https://*) ;; *) fail "\"$1\" is neither --context NAME nor a server such as https://203.0.113.7:6443: see -h" ;; esac
# The shell made the file before umask could say anything.
if [ -f /dev/stdout ]; then chmod 600 /dev/stdout || echo "make-kubeconfig: others may read the file that this goes to: run umask 077 before" >&2; fi
k() { if [ -n "$context" ]; then kubectl --context "$context" "$@"; else kubectl "$@"; fi; }

server=${1:-$(k config view --minify -o 'jsonpath={.clusters[0].cluster.server}')}
case $server in
  https://127.* | https://localhost* | "https://[::1]"*) echo "make-kubeconfig: $server leads the hub to itself: give the address that others use, as in: ./make-kubeconfig.sh https://203.0.113.7:6443" >&2 ;;
esac
# Without the policies the account has more rights than it should: then it gets no token.
k get validatingadmissionpolicybindings kilofed-hub-own-objects kilofed-hub-plain-services kilofed-hub-slices kilofed-hub-foreign-services kilofed-hub-peers kilofed-hub-tokens kilofed-hub-events > /dev/null ||
  fail "the policies of manifests/member.yaml are missing: apply it, on Kubernetes 1.31 or newer"
ca=$(k -n kilofed get configmap kube-root-ca.crt -o 'jsonpath={.data.ca\.crt}' | base64 | tr -d '\n')
# It ends after 30 days, or when the Secret is deleted. The hub renews it before, in the Secret that it reads the kubeconfig from.
token=$(k -n kilofed create token kilofed-hub --duration 720h --bound-object-kind Secret --bound-object-name kilofed-hub-tokens) ||
  fail "there is no token: apply manifests/member.yaml, and try again in a moment"
cat <<K
apiVersion: v1
kind: Config
clusters: [{name: member, cluster: {server: "$server", certificate-authority-data: $ca}}]
users: [{name: kilofed-hub, user: {token: $token}}]
contexts: [{name: member, context: {cluster: member, user: kilofed-hub}}]
current-context: member
K
