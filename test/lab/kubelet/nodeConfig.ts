/**
 * The files a node's programs read, by name.
 */
import { containerdConfig } from './containerdTemplate.js';
import { type Flannel, flannelFiles } from './flannel.js';

export interface NodeConfigInput {
  readonly name: string;
  readonly podCIDR: string;
  readonly clusterCIDR: string;
  readonly dnsAddress: string;
  readonly proxyMode: 'nftables' | 'iptables';
  readonly network: NodeNetwork;
  readonly ca: string;
  readonly kubeletKubeconfig: string;
  readonly proxyKubeconfig: string;
  readonly flannelKubeconfig: string;
}

/** `ours`: the node comes without CNI configuration and plugins. */
export type NodeNetwork = 'lab' | 'ours' | Flannel;

/** 1420 for WireGuard on an underlay of 1500, less 50 for VXLAN. */
const POD_MTU = 1370;

export function nodeConfig(input: NodeConfigInput): Readonly<Record<string, string>> {
  return {
    'ca.crt': input.ca,
    'kubelet.kubeconfig': input.kubeletKubeconfig,
    'proxy.kubeconfig': input.proxyKubeconfig,
    'containerd.toml': containerdConfig(),
    ...networkFiles(input),
    // YAML is a superset of JSON.
    'kubelet.yaml': JSON.stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
      cgroupDriver: 'cgroupfs',
      failCgroupV1: false,
      failSwapOn: false,
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: '/etc/lab/ca.crt' } },
      authorization: { mode: 'Webhook' },
      clusterDNS: [input.dnsAddress],
      clusterDomain: 'cluster.local',
      resolvConf: '/etc/resolv.conf',
      imageGCHighThresholdPercent: 100,
      imageGCLowThresholdPercent: 99,
      evictionHard: {
        'memory.available': '0%',
        'nodefs.available': '0%',
        'nodefs.inodesFree': '0%',
        'imagefs.available': '0%',
        'imagefs.inodesFree': '0%',
      },
      nodeStatusUpdateFrequency: '5s',
      serializeImagePulls: false,
      volumePluginDir: '/var/lib/kubelet/plugins',
      shutdownGracePeriod: '0s',
      syncFrequency: '5s',
    }),
    'kube-proxy.yaml': JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: input.proxyMode,
      clientConnection: { kubeconfig: '/etc/lab/proxy.kubeconfig' },
      hostnameOverride: input.name,
      clusterCIDR: input.clusterCIDR,
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    }),
  };
}

function networkFiles({ network, podCIDR, clusterCIDR, flannelKubeconfig }: NodeConfigInput): Readonly<Record<string, string>> {
  if (network === 'lab') return { 'cni.conflist': cniConfiguration(podCIDR) };
  return network === 'ours' ? {} : flannelFiles(network, clusterCIDR, flannelKubeconfig);
}

function cniConfiguration(podCIDR: string): string {
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'lab',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        mtu: POD_MTU,
        ipam: { type: 'host-local', dataDir: '/run/cni-ipam', ranges: [[{ subnet: podCIDR }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
}
