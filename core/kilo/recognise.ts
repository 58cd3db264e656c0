/**
 * Recognises Kilo's traces on a host in what `ip -j` and `iptables-save` print.
 *
 * Where one sign could be of others (a network manager writes static on-link routes, too; an address on `tunl0` may be Calico's), a second
 * one must confirm it: a prefix and a node that Kilo's own rules or our plan name.
 */
import * as z from 'zod';
import { canonicalAddress, canonicalCIDR, singleCIDR } from '../host/text.js';
import { familyName } from '../net/family.js';
import type { NodePlan } from '../mesh/plan.js';
import { MAIN_TABLE } from '../mesh/reserved.js';
import { formatAddress, parseCidr } from '../net/cidr.js';
import { findFirewalls, type KiloKnowledge } from './firewall.js';
import type { KiloAddress, KiloRoute, KiloRule, KiloTraces, Variant } from './traces.js';

/** What programs printed; an empty text is an empty list. */
export interface HostTexts {
  /** `ip -j -d addr`. */
  readonly addresses: string;
  /** `ip -j route show table all proto static`. */
  readonly routes: string;
  /** `ip -j -d -4 rule` and `ip -j -d -6 rule`. */
  readonly rules: { readonly inet: string; readonly inet6: string };
  /** By variant; absent: there is no such program. */
  readonly saved: Readonly<Partial<Record<Variant, string>>>;
}

/** What our own mesh knows: the destinations of its routes, and the addresses of the location's other nodes. */
export interface Confirmation {
  readonly prefixes: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
}

export const NOTHING_KNOWN: Confirmation = { prefixes: new Set(), nodes: new Set() };

/** What a plan confirms: its destinations, and the neighbours that are its next hops. */
export function confirmedBy({ routes, nexthops }: NodePlan): Confirmation {
  return {
    prefixes: new Set(routes.map(({ dst }) => canonicalCIDR(dst))),
    nodes: new Set(
      nexthops
        .map(({ via }) => via)
        .filter((via) => via !== undefined)
        .map(canonicalAddress),
    ),
  };
}

const KILO_INTERFACE = 'kilo0';
const IPIP_INTERFACE = 'tunl0';
const KILO_TABLE = 1107;

export function recogniseKilo(texts: HostTexts, known: Confirmation): KiloTraces {
  const { firewalls, knowledge } = findFirewalls(texts.saved);
  const rules = [...rulesOf(texts.rules.inet, 'inet'), ...rulesOf(texts.rules.inet6, 'inet6')];
  const podCIDRs = new Set([...knowledge.podCIDRs, ...rules.map(({ from }) => from).filter((from) => from !== undefined)]);
  const devices = devicesOf(texts.addresses);
  const names = new Set(devices.map(({ ifname }) => ifname));
  return {
    routes: routesOf(texts.routes, { devices: names, knowledge, known }),
    rules,
    addresses: addressesOf(devices, podCIDRs),
    firewalls,
  };
}

const link = z.object({
  ifname: z.string(),
  linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
  addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number().optional(), scope: z.string().optional() })).optional(),
});

/** `tun` is what userspace WireGuard makes. */
const KINDS: Readonly<Record<string, readonly string[]>> = { [KILO_INTERFACE]: ['wireguard', 'tun'], [IPIP_INTERFACE]: ['ipip'] };

function devicesOf(text: string): z.infer<typeof link>[] {
  return list(text, link).filter(({ ifname, linkinfo }) => KINDS[ifname]?.includes(linkinfo?.info_kind ?? '') === true);
}

const route = z.object({
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string(),
  table: z.union([z.string(), z.number()]).optional(),
  metric: z.number().optional(),
  type: z.string().optional(),
  nhid: z.number().optional(),
  flags: z.array(z.string()).optional(),
});

interface Signs {
  readonly devices: ReadonlySet<string>;
  readonly knowledge: KiloKnowledge;
  readonly known: Confirmation;
}

function routesOf(text: string, signs: Signs): KiloRoute[] {
  return list(text, route)
    .filter(isShapedSo)
    .flatMap((each) => {
      const via = each.gateway === undefined ? undefined : canonicalAddress(each.gateway);
      const one: KiloRoute = {
        dst: canonicalCIDR(each.dst),
        table: each.table === undefined || each.table === 'main' ? MAIN_TABLE : Number(each.table),
        dev: each.dev,
        ...(via === undefined ? {} : { via }),
      };
      return isKilos(one, signs) ? [one] : [];
    });
}

/** Kilo pkg/route/route.go: no metric, which IPv6 makes 1024; `onlink` wherever there is a gateway. */
function isShapedSo({ dst, type, nhid, metric, gateway, flags }: z.infer<typeof route>): boolean {
  const plain = (type ?? 'unicast') === 'unicast' && nhid === undefined;
  return (
    plain &&
    (metric ?? 0) === (familyName(dst) === 'inet' ? 0 : IPV6_METRIC) &&
    (gateway === undefined || flags?.includes('onlink') === true)
  );
}

function isKilos({ dst, table, dev, via }: KiloRoute, { devices, knowledge, known }: Signs): boolean {
  if (table === KILO_TABLE) return via !== undefined && dst === singleCIDR(dst.split('/')[0] ?? '');
  if (table !== MAIN_TABLE) return false;
  if (via === undefined) return dev === KILO_INTERFACE && devices.has(dev);
  if (devices.has(dev)) return true;
  return (knowledge.prefixes.has(dst) && knowledge.prefixes.has(singleCIDR(via))) || (known.prefixes.has(dst) && known.nodes.has(via));
}

const IPV6_METRIC = 1024;

const rule = z.object({
  priority: z.number(),
  src: z.string().optional(),
  srclen: z.number().optional(),
  dst: z.string().optional(),
  dstlen: z.number().optional(),
  iif: z.string().optional(),
  table: z.string().optional(),
  protocol: z.union([z.string(), z.number()]).optional(),
});

/** From the own pods, or out of the tunnels, to one node; no protocol, as the netlink library leaves it. */
function rulesOf(text: string, family: KiloRule['family']): KiloRule[] {
  return list(text, rule).flatMap(({ priority, src, srclen, dst, dstlen, iif, table, protocol }): KiloRule[] => {
    if (
      table !== String(KILO_TABLE) ||
      (protocol ?? UNSPECIFIED) !== UNSPECIFIED ||
      dst === undefined ||
      dst === 'all' ||
      dstlen !== undefined
    )
      return [];
    const to = singleCIDR(canonicalAddress(dst));
    if (iif === KILO_INTERFACE && (src ?? 'all') === 'all') return [{ family, priority, iif, to }];
    return iif === undefined && src !== undefined && srclen !== undefined
      ? [{ family, priority, from: canonicalCIDR(`${src}/${srclen}`), to }]
      : [];
  });
}

const UNSPECIFIED = 'unspec';

/**
 * On `kilo0` our address is a network by itself, and Kilo's has the length of the whole `--subnet`. On `tunl0` Kilo's address is the first
 * one of the node's pods.
 */
function addressesOf(devices: readonly z.infer<typeof link>[], podCIDRs: ReadonlySet<string>): KiloAddress[] {
  const first = new Set([...podCIDRs].map(firstAddress));
  return devices.flatMap(({ ifname, addr_info: infos = [] }) => {
    const addresses = infos
      .filter(({ local, scope }) => local !== undefined && scope !== 'link')
      .map(({ local = '', prefixlen = 0 }) => `${canonicalAddress(local)}/${prefixlen}`);
    const kilos =
      ifname === KILO_INTERFACE
        ? addresses.filter((address) => address !== singleCIDR(address.split('/')[0] ?? ''))
        : addresses.filter((address) => first.has(address));
    return kilos.map((address) => ({ dev: ifname, address, alone: kilos.length === addresses.length }));
  });
}

/** Of a network, behind its own address, as a CIDR of itself (Kilo pkg/mesh/mesh.go, where it sets the encapsulator). */
function firstAddress(network: string): string | undefined {
  const parsed = parseCidr(network);
  return parsed === undefined ? undefined : singleCIDR(formatAddress(parsed.family, parsed.first + 1n));
}

/** Entries of another form are none of Kilo's. iproute2 prints what it filtered out as `{}`. */
function list<T>(text: string, schema: z.ZodType<T>): T[] {
  const parsed: unknown = text.trim() === '' ? [] : JSON.parse(text);
  return (Array.isArray(parsed) ? parsed : []).flatMap((one) => {
    const entry = schema.safeParse(one);
    return entry.success ? [entry.data] : [];
  });
}
