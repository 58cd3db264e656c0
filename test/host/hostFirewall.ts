/**
 * Firewalls of others on a real kernel: what is said of them against what becomes of packets, before and after the commands that the
 * messages give.
 */
import { explainFirewall, type MeshTraffic } from '../../core/hostFirewall/explainFirewall.js';
import { parseTable } from '../../core/hostFirewall/ruleset.js';
import { reaches, withFlows } from '../bare/flow.js';
import { createNamespace } from '../bare/namespace.js';
import { createPod, createPodBridge } from '../bare/pod.js';
import { run } from '../lab/process.js';
import { createWorkbench, INTERNAL_IP, worldAsNode } from './bench.js';

interface Seen {
  /** Does UDP from outside reach a port of the host, and a packet from the mesh a pod, and one from the pod the mesh? */
  readonly passes: { readonly tunnel: boolean; readonly toPod: boolean; readonly fromPod: boolean };
  /** Reason, verb, and where. */
  readonly told: readonly string[];
}

/** By name of the firewall. */
export type HostFirewall = Readonly<Record<string, { readonly before: Seen; readonly after?: Seen }>>;

const FILES = 'test/fakes/rulesets';
/** How each is made. Where the commands are ones that work here, they are carried out. */
const FIREWALLS: Readonly<Record<string, { readonly made: string; readonly opens?: true }>> = {
  none: { made: 'true' },
  nft: {
    made: `nft -f - <<'EOF'
table inet fw {
  chain incoming { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; tcp dport 22 accept
  }
  chain passing { type filter hook forward priority 0; policy drop; ct state vmap { established : accept, related : accept }; }
}
EOF`,
    opens: true,
  },
  iptables: {
    made: ['INPUT', 'FORWARD']
      .flatMap((chain) => [
        `iptables-nft -A ${chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
        `iptables-nft -P ${chain} DROP`,
      ])
      .join(' && '),
    opens: true,
  },
  docker: { made: `nft -f ${FILES}/docker.nft`, opens: true },
  ufw: { made: `nft -f ${FILES}/ufw.nft` },
  'firewalld-default': { made: `nft -f ${FILES}/firewalld-default.nft` },
  // What the commands of the messages make, and a port for the test.
  'firewalld-open': {
    made: `nft -f ${FILES}/firewalld-open.nft && nft insert rule inet firewalld filter_IN_public_allow udp dport 7000 accept`,
  },
  'kube-proxy': { made: `nft -f ${FILES}/kube-proxy.nft && nft -f ${FILES}/kube-proxy-nftables.nft` },
  calico: { made: `nft -f ${FILES}/calico.nft` },
};

const TRAFFIC: MeshTraffic = {
  node: 'a',
  // Of the program that answers here.
  ports: [7000],
  devices: ['kilo0'],
  underlay: ['eth0'],
  hasVxlan: false,
  podCIDRs: ['10.42.0.0/24'],
  families: ['ip'],
  meshFamilies: ['ip'],
  tunnelsFail: 'all',
  insideFails: 'none',
};

export async function hostFirewall(): Promise<HostFirewall> {
  const bench = await createWorkbench();
  const node = worldAsNode();
  const behind = async (device: string, address: string, gateway: string): Promise<Awaited<ReturnType<typeof withFlows>>> => {
    const namespace = await createNamespace(device);
    await run(['ip', 'link', 'set', device, 'netns', String(namespace.pid)]);
    await namespace.exec(['ip', '-batch', '-'], {
      input: `link set ${device} name eth0\nlink set eth0 up\naddr add ${address}/24 dev eth0\nroute add default via ${gateway}\n`,
    });
    return withFlows({ address, addresses: [address], namespace });
  };
  await run(['ip', '-batch', '-'], {
    input: 'link add kilo0 type veth peer name mesh\nlink set kilo0 up\naddr add 10.43.0.1/24 dev kilo0\n',
  });
  const outside = await behind('far', '10.0.0.1', INTERNAL_IP);
  const mesh = await behind('mesh', '10.43.0.5', '10.43.0.1');
  await createPodBridge(node, ['10.42.0.0/24'], 1500);
  const pod = await withFlows(await createPod(node, ['10.42.0.0/24'], { host: 9, mtu: 1500 }));
  const host = await withFlows({ address: INTERNAL_IP, addresses: [INTERNAL_IP], namespace: node });
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  const passes = async (from: typeof pod, to: typeof pod): Promise<boolean> => (await reaches(from, to, 400)) !== undefined;

  const look = async (): Promise<{ readonly seen: Seen; readonly commands: readonly string[] }> => {
    const tables = (await bench.host.othersTables()).flatMap((text) => parseTable(text) ?? []);
    const problems = explainFirewall(tables, TRAFFIC);
    const reached = { tunnel: await passes(outside, host), toPod: await passes(mesh, pod), fromPod: await passes(pod, mesh) };
    return {
      seen: {
        passes: reached,
        told: problems.map(({ reason, message }) => `${reason}: ${message.replace(/^.* firewall /, '')}`),
      },
      commands: problems.map(({ remedy = '' }) => remedy.replace(/^open it with /, '').replace(/, or .*$/, '')),
    };
  };
  const results: Record<string, HostFirewall[string]> = {};
  for (const [name, { made, opens }] of Object.entries(FIREWALLS)) {
    await run(['nft', 'flush', 'ruleset']);
    await run(['sh', '-c', made]);
    const before = await look();
    if (opens !== true) {
      results[name] = { before: before.seen };
      continue;
    }
    // `iptables` is that of this machine.
    for (const command of before.commands) await run(['sh', '-c', command.replaceAll('iptables -I', 'iptables-nft -I')]);
    results[name] = { before: before.seen, after: (await look()).seen };
  }
  return results;
}
