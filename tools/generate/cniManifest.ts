/**
 * `manifests/cluster-cni.yaml`: `cluster.yaml` and what CNI mode needs beside it, the plugins and the folder of configurations.
 * Made from its text, so that comments stay and the two cannot drift apart.
 */

/** @throws when `cluster` is no longer shaped as the additions expect. */
export function withCni(cluster: string): string {
  return ADDITIONS.reduce(
    (text, { before, addition }) => insert(text, before, addition),
    cluster.replace(HEAD, NEW_HEAD).replace('-f manifests/cluster.yaml\n', '-f manifests/cluster-cni.yaml\n'),
  );
}

const HEAD = /^# What every cluster[^\n]*\n/;
const NEW_HEAD = `# Generated from manifests/cluster.yaml by \`npm run generate\`: change that one, not this.
#
# What every cluster of the federation runs, where pods get their network from Kilofed and no other network plugin is there. It
# differs from cluster.yaml in that the node-agents see the folder of CNI configurations, and put the plugins where the container
# runtime looks for them. It takes effect with \`cni: {enabled: true}\` in the Mesh.
#
# The node-agent on each node, the cluster-agent once.
`;

const IMAGE = /image: (ghcr\.io\/kilofed\/kilofed:\S+)/;

const ADDITIONS: readonly { readonly before: string; readonly addition: (text: string) => string }[] = [
  {
    before: '      containers:\n      - name: node-agent\n',
    addition: (text) => `      initContainers:
      # What is there already stays: it may be somebody else's, and may be running.
      - name: cni-plugins
        image: ${IMAGE.exec(text)?.[1] ?? ''}
        imagePullPolicy: IfNotPresent
        command: [sh, -ec]
        args:
        - |
          cd /opt/cni/bin
          for plugin in *; do
            test -e "/host/$plugin" && continue
            cp "$plugin" "/host/.$plugin.kilofed"
            mv "/host/.$plugin.kilofed" "/host/$plugin"
          done
        # Root owns that folder; it needs no other right.
        securityContext: {runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        volumeMounts: [{name: cni-plugins, mountPath: /host}]
`,
  },
  {
    before: "      volumes:\n      # The node's WireGuard key",
    addition: () => '        - {name: cni-configurations, mountPath: /etc/cni/net.d}\n',
  },
  {
    before: '---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cluster-agent',
    addition: () => `      - {name: cni-configurations, hostPath: {path: /etc/cni/net.d, type: DirectoryOrCreate}}
      - {name: cni-plugins, hostPath: {path: /opt/cni/bin, type: DirectoryOrCreate}}
`,
  },
];

function insert(text: string, before: string, addition: (text: string) => string): string {
  const parts = text.split(before);
  if (parts.length !== 2) throw new Error(`cluster.yaml has ${parts.length - 1} times what cluster-cni.yaml adds to: ${before}`);
  return `${parts[0]}${addition(text)}${before}${parts[1]}`;
}
