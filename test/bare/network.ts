/**
 * The underlay of the bare lab: one bridge per location, joined by the lab's own network namespace as the WAN router.
 *
 * It routes LAN addresses only. Pod and mesh addresses are unknown to it, and dropped there, so that whatever reaches a pod
 * of another node went through the mesh.
 */
import { assigned, type Family, familyOf, hostIn } from './addresses.js';
import { createNamespace, type Namespace } from './namespace.js';
import { run } from '../lab/process.js';

export interface Lan {
  readonly bridge: string;
  readonly gateway: string;
  /** e.g. `172.20.1`; hosts are .10 and up. */
  readonly prefix: string;
  /** One of each family, e.g. `172.20.1.0/24` and `fd20:0:1::/64`; the router is host 1. */
  readonly networks: readonly string[];
}

/** Makes the lab's namespace a router that drops what is not LAN traffic. */
export async function createWan(): Promise<void> {
  await run(['ip', 'link', 'set', 'lo', 'up']);
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  // Where br_netfilter is loaded, what a LAN's bridge carries would be filtered as if it were routed.
  await run(['sysctl', '-eqw', 'net.bridge.bridge-nf-call-iptables=0', 'net.bridge.bridge-nf-call-ip6tables=0']);
  await run(['nft', '-f', '-'], {
    input: `table inet wan
    flush table inet wan
    table inet wan {
      chain forward { type filter hook forward priority 0; policy drop;
        ip saddr 172.16.0.0/12 ip daddr 172.16.0.0/12 accept
        ip6 saddr fd20::/16 ip6 daddr fd20::/16 accept
      }
    }\n`,
  });
}

/** `index`: 1..254. The bridge's MAC is given: its own choice changes with its ports, and hosts would keep the old one. */
export async function createLan(index: number): Promise<Lan> {
  const prefix = `172.20.${index}`;
  const lan = { bridge: `lan${index}`, gateway: `${prefix}.1`, prefix, networks: [`${prefix}.0/24`, `fd20:0:${index}::/64`] };
  await run(['ip', '-batch', '-'], {
    input: [
      `link add ${lan.bridge} address 02:00:00:00:01:${hex(index)} type bridge`,
      ...lan.networks.map((network) => `addr add ${assigned(network, 1)} dev ${lan.bridge}`),
      `link set ${lan.bridge} up\n`,
    ].join('\n'),
  });
  return lan;
}

/**
 * How a home's router translates: `ports` gives each source port the outside one that it has for all destinations; others stay as they are.
 */
interface Translation {
  readonly ports?: Readonly<Record<number, number>>;
  /** Another outside port for each destination: what RFC 4787 calls address and port-dependent mapping, and people a symmetric NAT. */
  readonly symmetric?: true;
}

/** A LAN behind a router of its own, host `host` of `outside`: it translates what goes out, and drops what comes unasked. IPv4. */
export async function createHome(
  index: number,
  outside: Lan,
  host: number,
  translation: Translation = {},
): Promise<{ readonly lan: Lan; readonly router: Namespace }> {
  const prefix = `172.20.${index}`;
  const lan = { bridge: `lan${index}`, gateway: `${prefix}.1`, prefix, networks: [`${prefix}.0/24`] };
  const router = await createNamespace(`home${index}`);
  await plug(router, outside, host);
  await run(['ip', '-batch', '-'], {
    input: `link add ${lan.bridge} type bridge
      link set ${lan.bridge} up
      link add v${index}h1 type veth peer name inside netns ${router.pid}
      link set v${index}h1 master ${lan.bridge} up\n`,
  });
  await router.exec(['ip', '-batch', '-'], { input: `addr add ${assigned(`${prefix}.0/24`, 1)} dev inside\nlink set inside up\n` });
  await router.exec(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  await translate(router, translation);
  return { lan, router };
}

/** From now on; connections that are under way keep what they have. */
async function translate(router: Namespace, { ports = {}, symmetric }: Translation): Promise<void> {
  const masquerades = [
    ...Object.entries(ports).map(([inner, outer]) => `oifname eth0 udp sport ${inner} masquerade to :${outer}`),
    `oifname eth0 masquerade${symmetric === true ? ' fully-random' : ''}`,
  ];
  await router.exec(['nft', '-f', '-'], {
    input: `table ip home
    flush table ip home
    table ip home {
      chain out { type nat hook postrouting priority srcnat; ${masquerades.join('; ')}; }
      chain unasked { type filter hook input priority 0; iifname eth0 ct state new drop; }
      chain across { type filter hook forward priority 0; iifname eth0 ct state new drop; }
    }\n`,
  });
}

/** Plugs a host into a LAN as eth0, with an address of each of `families`, which are returned in that order. */
export async function plug(
  namespace: Namespace,
  lan: Lan,
  host: number,
  families: readonly Family[] = ['inet'],
): Promise<readonly string[]> {
  const networks = families.map((family) => lan.networks.find((network) => familyOf(network) === family) ?? '');
  const outer = `v${lan.bridge.slice(3)}h${host}`;
  // The same at every time: a host that takes the address of one that has gone would not be heard for seconds, by neighbours that ask the
  // old one first.
  const mac = `02:00:00:02:${hex(Number(lan.bridge.slice(3)))}:${hex(host)}`;
  await run(['ip', '-batch', '-'], {
    input: `link add ${outer} type veth peer name eth0 address ${mac} netns ${namespace.pid}\nlink set ${outer} master ${lan.bridge} up\n`,
  });
  await namespace.exec(['ip', '-batch', '-'], {
    input: [
      ...networks.map((network) => `addr add ${assigned(network, host)} dev eth0`),
      'link set eth0 up',
      ...networks.map((network) => `route add default via ${hostIn(network, 1)}`),
      '',
    ].join('\n'),
  });
  return networks.map((network) => hostIn(network, host));
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
