/**
 * flannel as the network plugin of a node: its daemon, started with --ip-masq as k3s and RKE2 start it, and the CNI configuration that its
 * own CNI plugin would make of what the daemon writes.
 *
 * That plugin is no program of this lab. It only passes the work on to `bridge` and `host-local`, and these are configured here as it
 * configures them. The pods' range and MTU are the daemon's, and `bridge` does not translate, as the daemon does.
 */

/** Of a cluster. */
export interface Flannel {
  /** The number of its VXLAN network, and of its device `flannel.<number>`: 1 by default, 4096 in RKE2. */
  readonly vni: number;
  /** What it translates by. */
  readonly rules: 'iptables' | 'nftables';
}

/** What it may do at the API server. */
export const FLANNEL_USER = 'lab-flannel';

/** For `kubectl apply`, in the cluster. */
export function flannelManifest(): string {
  const group = 'rbac.authorization.k8s.io';
  const metadata = { name: FLANNEL_USER };
  const items = [
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
      ],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: FLANNEL_USER },
      subjects: [{ apiGroup: group, kind: 'User', name: FLANNEL_USER }],
    },
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** The files that a node reads, by name. */
export function flannelFiles({ vni, rules }: Flannel, clusterCIDR: string, kubeconfig: string): Readonly<Record<string, string>> {
  return {
    'flannel.kubeconfig': kubeconfig,
    'flannel.json': JSON.stringify({
      Network: clusterCIDR,
      EnableNFTables: rules === 'nftables',
      Backend: { Type: 'vxlan', VNI: vni },
    }),
    'flannel.sh': FLANNEL_SCRIPT,
  };
}

/** Arguments: $1 the node's name. The daemon is started again whenever it ends, after a second. */
const FLANNEL_SCRIPT = String.raw`
export NODE_NAME=$1
while :; do
  /run/flanneld --kube-subnet-mgr --kubeconfig-file=/etc/lab/flannel.kubeconfig --net-config-path=/etc/lab/flannel.json \
    --ip-masq --iface=eth0 >> /var/log/lab/flannel.log 2>&1 || true
  sleep 1
done &
until [ -s /run/flannel/subnet.env ]; do sleep 0.1; done
. /run/flannel/subnet.env
case $FLANNEL_IPMASQ in true) translate=false ;; *) translate=true ;; esac
cat > /etc/cni/net.d/.flannel <<end
{
  "cniVersion": "1.0.0",
  "name": "cbr0",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "mtu": $FLANNEL_MTU,
      "isDefaultGateway": true,
      "hairpinMode": true,
      "ipMasq": $translate,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam",
        "ranges": [[{ "subnet": "$(sed 's|[.]1/|.0/|' <<< "$FLANNEL_SUBNET")" }]],
        "routes": [{ "dst": "$FLANNEL_NETWORK" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
end
mv /etc/cni/net.d/.flannel /etc/cni/net.d/10-flannel.conflist
wait
`;
