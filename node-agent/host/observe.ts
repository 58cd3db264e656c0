/**
 * observeHost: reads everything of ours that the host holds, with a handful of short-lived programs in parallel.
 *
 * If a part cannot be read, the whole observation fails: against a partial state, everything unread would look missing.
 */
import { hasFdb } from '../../core/host/devices.js';
import { NO_IPV6, sysctlNames } from '../../core/host/diffSysctls.js';
import { parseCounters, parseFirewall } from '../../core/host/parseFirewall.js';
import {
  parseAddresses,
  parseFdb,
  parseNeighbours,
  parseNexthops,
  parseRoutes,
  parseRules,
  type HostAddress,
} from '../../core/host/parseIp.js';
import { parseWireguard } from '../../core/host/parseWireguard.js';
import type { HostState, Link, Underlay, WireguardState } from '../../core/host/state.js';
import { KILO_DEVICES } from '../../core/mesh/besideKilo.js';
import { NFT_TABLE, ROUTE_PROTOCOL } from '../../core/mesh/reserved.js';
import { FAMILIES, familyName } from '../../core/net/family.js';
import type { CniFiles } from './cniFolder.js';
import type { ForwardChains } from './forwardChains.js';
import { lacksIpv6, type Runner, type RunResult } from './runner.js';
import type { Sysctls } from './sysctl.js';

export interface Observation {
  readonly state: HostState;
  /** Every address of the host. */
  readonly addresses: readonly HostAddress[];
}

interface ObserveDeps {
  readonly runner: Runner;
  readonly sysctls: Sysctls;
  readonly cni: Pick<CniFiles, 'read'>;
  readonly forward: Pick<ForwardChains, 'read'>;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/**
 * `internalIPs` are the node's internal addresses. The underlay is the device that holds the first of each family that is found. Throws
 * when the host cannot be read.
 */
export async function observeHost(deps: ObserveDeps, internalIPs: readonly string[]): Promise<Observation> {
  const read = (...argv: string[]): Promise<string> => deps.runner.run(argv).then(must);
  const protocol = String(ROUTE_PROTOCOL);
  const [addr, nexthop, nexthop4, route, rule4, rule6, firewall, forward] = await Promise.all([
    read('ip', '-j', '-d', 'addr'),
    read('ip', '-j', 'nexthop', 'show', 'proto', protocol),
    read('ip', '-j', '-4', 'nexthop', 'show', 'proto', protocol),
    read('ip', '-j', 'route', 'show', 'table', 'all', 'proto', protocol),
    read('ip', '-j', '-4', 'rule'),
    deps.runner.run(['ip', '-j', '-6', 'rule']),
    readFirewall(deps.runner),
    deps.forward.read(),
  ]);
  const { links, pluginDevices, addresses, podBridge, all } = parseAddresses(addr);
  const underlay = underlayOf(all, internalIPs);
  const { nexthops, groups } = parseNexthops(nexthop, nexthop4);
  const fdbDevice = [...links.values()].find(hasFdb)?.name;
  const [wireguard, neighbours, fdb, sysctls, cni] = await Promise.all([
    readWireguard(deps.runner, [...links.values()]),
    fdbDevice === undefined ? '' : read('ip', '-j', 'neigh', 'show', 'dev', fdbDevice),
    fdbDevice === undefined ? '' : read('bridge', '-j', 'fdb', 'show', 'dev', fdbDevice),
    deps.sysctls.read(sysctlNames([...new Set([...links.keys(), ...KILO_DEVICES])], underlay)),
    deps.cni.read(),
  ]);
  const state: HostState = {
    at: Math.floor(deps.wall() / 1000),
    ...(underlay === undefined ? {} : { underlay }),
    links,
    pluginDevices,
    wireguard,
    addresses,
    neighbours: parseNeighbours(neighbours),
    fdb: parseFdb(fdb),
    nexthops,
    groups,
    routes: parseRoutes(route, (id) => groups.has(id)),
    rules: new Map([...parseRules(rule4, 'inet'), ...parseRules(lacksIpv6(rule6) ? '' : must(rule6), 'inet6')]),
    ...(firewall === undefined ? {} : { firewall }),
    ...(forward.size === 0 ? {} : { forward }),
    ...(cni === undefined ? {} : { cni }),
    ...(podBridge === undefined ? {} : { podBridge }),
    ...(lacksIpv6(rule6) || sysctls.get(NO_IPV6) === '1' ? { withoutIpv6: true } : {}),
    sysctls,
  };
  return { state, addresses: all };
}

function underlayOf(addresses: readonly HostAddress[], internalIPs: readonly string[]): Underlay | undefined {
  const held = internalIPs.flatMap((ip) => addresses.find(({ address }) => address === ip) ?? []);
  const [inet, inet6] = FAMILIES.map((family) => held.find(({ address }) => familyName(address) === family));
  const first = inet ?? inet6;
  if (first === undefined) return undefined;
  const { dev, mtu } = first;
  return { dev, mtu, ...(inet6 === undefined || inet6.dev === dev ? {} : { inet6: { dev: inet6.dev, mtu: inet6.mtu } }) };
}

/** WireGuard's counters of the interfaces `names`, without those that do not answer. */
export async function readTunnels(runner: Runner, names: readonly string[]): Promise<HostState['wireguard']> {
  const read = async (name: string): Promise<readonly [string, WireguardState] | undefined> => {
    const result = await runner.run(['wg', 'show', name, 'dump']);
    return result.ok ? [name, parseWireguard(result.stdout)] : undefined;
  };
  return new Map((await Promise.all(names.map(read))).filter((entry) => entry !== undefined));
}

/** Packets, by the name of the counter. None where there is no table of ours. */
export async function readCounters(runner: Runner): Promise<ReadonlyMap<string, number>> {
  const result = await runner.run(['nft', '-j', 'list', 'counters', 'table', 'inet', NFT_TABLE]);
  return result.ok ? parseCounters(result.stdout) : new Map();
}

async function readFirewall(runner: Runner): Promise<readonly string[] | undefined> {
  const result = await runner.run(['nft', '-j', 'list', 'table', 'inet', NFT_TABLE]);
  if (!result.ok && result.kind === 'exit' && result.message.includes('No such file or directory')) return undefined;
  return parseFirewall(must(result));
}

/**
 * A userspace device whose process does not answer on its socket is left out, and will be made again. Any other error fails the
 * observation, since making a device again cuts its tunnels.
 */
async function readWireguard(runner: Runner, links: readonly Link[]): Promise<ReadonlyMap<string, WireguardState>> {
  const entries = await Promise.all(
    links
      .filter((link) => link.kind === 'wireguard' || link.kind === 'tun')
      .map(async (link): Promise<readonly [string, WireguardState] | undefined> => {
        const result = await runner.run(['wg', 'show', link.name, 'dump']);
        if (!result.ok && link.kind === 'tun' && result.kind === 'exit' && UNRESPONSIVE.test(result.message)) return undefined;
        return [link.name, parseWireguard(must(result))];
      }),
  );
  return new Map(entries.filter((entry) => entry !== undefined));
}

/** What `wg` says when no process listens: no socket, or one that nobody accepts on. */
const UNRESPONSIVE = /No such (device|file)|Connection refused|not supported/;

function must(result: RunResult): string {
  if (result.ok) return result.stdout;
  throw new Error(`${result.command}: ${result.message}`);
}
