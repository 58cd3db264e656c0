/**
 * What Kilo's agent lays down on a node, after the source of `kg` 0.7 and what its packages compute: chains and rules word for word, routes
 * `proto static`, rules
 * without a protocol, the address on `kilo0`. Also how `kg` takes it away when it is told to end (Kilo pkg/mesh/mesh.go cleanUp).
 */
import type { Namespace } from '../bare/namespace.js';
import { addWireguardDevice } from '../bare/wireguardDevice.js';

export interface KiloNode {
  readonly keyFile: string;
  /** With the length of Kilo's --subnet; absent: no leader, and `kilo0` is down. */
  readonly address?: string;
  readonly internalIP: string;
  readonly podCIDR: string;
  readonly peers: readonly KiloPeer[];
  /** Of the own location, in its network. */
  readonly neighbours: readonly { readonly internalIP: string; readonly podCIDR: string }[];
  /** Where to send what leads elsewhere, for a node that is no leader. */
  readonly leader?: string;
}

interface KiloPeer {
  readonly publicKey: string;
  readonly endpoint: string;
  readonly address: string;
  readonly podCIDRs: readonly string[];
  readonly internalIPs: readonly string[];
}

/** Lays it down in `space`, with a WireGuard device `kilo0`. */
export async function layKilo(space: Namespace, node: KiloNode): Promise<void> {
  await addWireguardDevice(space, 'kilo0');
  await space.exec([
    'wg',
    'set',
    'kilo0',
    'listen-port',
    '51820',
    'private-key',
    node.keyFile,
    ...(node.address === undefined ? [] : node.peers.flatMap(peerArguments)),
  ]);
  await space.exec(['ip', '-batch', '-'], {
    input: [
      'link set kilo0 mtu 1420',
      ...(node.address === undefined ? [] : [`addr add ${node.address} dev kilo0`, 'link set kilo0 up']),
    ].join('\n'),
  });
  await space.exec(['ip', '-batch', '-'], {
    input: [...routesOf(node).map((route) => `route replace ${route}`), ...rulesOf(node).map((rule) => `rule add ${rule} protocol 0`)].join(
      '\n',
    ),
  });
  for (const rule of [...APPENDED, ...prepended(node)]) await space.exec(iptables(rule));
}

/** What `kg` undoes by itself on SIGTERM: rules of both sorts and main-table routes. The device, its address and table 1107 stay. */
export async function endKilo(space: Namespace, node: KiloNode): Promise<void> {
  for (const rule of prepended(node).toReversed()) await space.exec(iptables(rule.replace(/-I (\S+) 1 /, '-D $1 ')));
  for (const rule of APPENDED.toReversed()) for (const argv of undo(rule)) await space.exec(argv);
  await space.exec(['ip', '-batch', '-'], {
    input: [
      ...routesOf(node)
        .filter((route) => !route.includes('table'))
        .map((route) => `route del ${route}`),
      ...rulesOf(node).map((rule) => `rule del ${rule}`),
    ].join('\n'),
  });
}

/** Everything on the host that may be Kilo's, for a look at what is left. */
export async function kiloTexts(space: Namespace): Promise<string> {
  const texts = await Promise.all([
    space.exec(['iptables-nft-save']),
    space.exec(['ip6tables-nft-save']),
    space.exec(['ip', 'rule']),
    space.exec(['ip', 'route', 'show', 'table', 'all', 'proto', 'static']),
    space
      .exec(['ip', '-br', '-4', 'addr', 'show', 'dev', 'kilo0'])
      .then((text) => text.replace(/\S+\/32 metric 107/, ''))
      .catch(() => ''),
  ]);
  return texts
    .join('\n')
    .split('\n')
    .filter((line) => /Kilo|KILO|lookup 1107|kilo0|table 1107|onlink/.test(line) && !line.includes('proto 107'))
    .join('\n');
}

function peerArguments({ publicKey, endpoint, address, podCIDRs, internalIPs }: KiloPeer): readonly string[] {
  return [
    'peer',
    publicKey,
    'endpoint',
    endpoint,
    'allowed-ips',
    [...podCIDRs, ...internalIPs.map((ip) => `${ip}/32`), `${address}/32`].join(','),
  ];
}

function routesOf({ internalIP, peers, neighbours, leader }: KiloNode): readonly string[] {
  const remote = peers.flatMap(({ address, podCIDRs }) =>
    leader === undefined
      ? podCIDRs.map((dst) => `${dst} via ${address} dev kilo0 proto static src ${internalIP} onlink`)
      : [...podCIDRs, `${address}/32`].map((dst) => `${dst} via ${leader} dev eth0 proto static onlink`),
  );
  return [
    ...remote,
    ...neighbours.map((one) => `${one.podCIDR} via ${one.internalIP} dev eth0 proto static onlink`),
    ...neighbours.map((one) => `${one.internalIP}/32 via ${one.internalIP} dev eth0 table 1107 proto static src ${internalIP} onlink`),
  ];
}

function rulesOf({ podCIDR, neighbours, leader }: KiloNode): readonly string[] {
  return neighbours.flatMap(({ internalIP }) => [
    `from ${podCIDR} to ${internalIP}/32 table 1107`,
    ...(leader === undefined ? [`iif kilo0 to ${internalIP}/32 table 1107`] : []),
  ]);
}

const APPENDED: readonly string[] = ['v4', 'v6'].flatMap((family) => [
  `${family} filter -N KILO-IPIP`,
  `${family} filter -A INPUT -p ipencap -m comment --comment "Kilo: jump to IPIP chain" -j KILO-IPIP`,
  `${family} filter -A INPUT -p ipencap -m comment --comment "Kilo: reject other IPIP traffic" -j DROP`,
  `${family} nat -N KILO-NAT`,
  `${family} nat -A KILO-NAT -m comment --comment "Kilo: NAT remaining packets" -j MASQUERADE`,
]);

function prepended({ internalIP, podCIDR, peers, neighbours }: KiloNode): readonly string[] {
  const location = [internalIP, ...neighbours.map((one) => one.internalIP)];
  const known = [
    podCIDR,
    ...neighbours.map((one) => one.podCIDR),
    ...location.map((ip) => `${ip}/32`),
    ...peers.flatMap(({ podCIDRs, internalIPs }) => [...podCIDRs, ...internalIPs.map((ip) => `${ip}/32`)]),
  ];
  return [
    ...location.map((ip) => `v4 filter -I KILO-IPIP 1 -s ${ip}/32 -m comment --comment "Kilo: allow IPIP traffic" -j ACCEPT`),
    `v4 nat -I POSTROUTING 1 -s ${podCIDR} -m comment --comment "Kilo: jump to KILO-NAT chain" -j KILO-NAT`,
    ...peers.map(
      ({ address }) =>
        `v4 nat -I KILO-NAT 1 -d ${address}/32 -m comment --comment "Kilo: do not NAT packets destined for WireGuared IPs" -j RETURN`,
    ),
    ...known.map(
      (prefix) => `v4 nat -I KILO-NAT 1 -d ${prefix} -m comment --comment "Kilo: do not NAT packets destined for known IPs" -j RETURN`,
    ),
    `v4 filter -I FORWARD 1 -m comment --comment "Kilo: forward packets from the node's pod subnet" -s ${podCIDR} -j ACCEPT`,
    `v4 filter -I FORWARD 1 -m comment --comment "Kilo: forward packets to the node's pod subnet" -d ${podCIDR} -j ACCEPT`,
  ];
}

function undo(rule: string): readonly (readonly string[])[] {
  if (rule.includes(' -N ')) return [iptables(rule.replace('-N', '-F')), iptables(rule.replace('-N', '-X'))];
  return rule.includes('-A KILO') ? [] : [iptables(rule.replace('-A', '-D'))];
}

/** `v4 nat -A …` to a command. */
function iptables(rule: string): readonly string[] {
  const [family, table = '', ...rest] = (rule.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
  return [family === 'v6' ? 'ip6tables-nft' : 'iptables-nft', '-t', table, ...rest];
}
