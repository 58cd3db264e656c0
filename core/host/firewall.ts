/**
 * The nft table `inet kilofed`: its text, loaded as one transaction, and the facts by which an observed table is compared.
 *
 * nft prints a ruleset differently from version to version, so the text is never compared. Every rule carries a comment
 * that says all that it depends on; those and the elements of the sets are the facts.
 */
import { NFT_TABLE, type Firewall } from '../mesh/plan.js';
import { canonicalAddress, familyOf } from './text.js';

/** Sorted. Empty: no table is wanted. */
export function firewallFacts(firewall: Firewall): readonly string[] {
  const { chains, sets } = tableOf(firewall);
  return [
    ...chains.flatMap((chain) => chain.rules.map(({ comment }) => fact.rule(chain.name, comment))),
    ...sets.flatMap((set) => set.elements.map((element) => fact.element(set.name, element))),
  ].toSorted();
}

/** What `nft -f -` reads: the old table goes and the new one comes in one transaction. */
export function firewallText(firewall: Firewall): string {
  const { chains, sets } = tableOf(firewall);
  return [
    ...DROP_TABLE,
    `table inet ${NFT_TABLE} {`,
    ...sets.map(({ name, type, elements }) => `  set ${name} { type ${type}; ${elements.length === 0 ? '' : `elements = { ${elements.map((element) => quoted(type, element)).join(', ')} }; `}}`),
    ...chains.flatMap(({ name, hook, rules }) => [`  chain ${name} {`, `    type ${hook}; policy accept;`, ...rules.map(({ match, comment }) => `    ${match} comment "${comment}"`), '  }']),
    '}',
    '',
  ].join('\n');
}

/**
 * The way from an observed table to the wanted one by elements of sets alone, so that one prefix among thousands costs one
 * line; undefined when rules differ too, or there is no such way.
 */
export function elementChanges(observed: readonly string[], firewall: Firewall): string | undefined {
  const { sets } = tableOf(firewall);
  const wanted = new Set(firewallFacts(firewall));
  const present = new Set(observed);
  const added = [...wanted].filter((each) => !present.has(each)).map(elementOf);
  const gone = observed.filter((each) => !wanted.has(each)).map(elementOf);
  const types = new Map(sets.map(({ name, type }) => [name, type]));
  if ([...added, ...gone].some((element) => element === undefined || !types.has(element.set))) return undefined;
  const line = (verb: string) => (element: Element | undefined): string => (element === undefined ? '' : `${verb} element inet ${NFT_TABLE} ${element.set} { ${quoted(types.get(element.set) ?? '', element.value)} }\n`);
  // What goes first makes room for the wider or narrower prefix that comes in its place.
  return [...gone.map(line('delete')), ...added.map(line('add'))].join('');
}

/** Removes the table, and is content when there is none. */
export const FIREWALL_REMOVAL: string = `${firewallRemoval().join('\n')}\n`;

export const fact = {
  rule: (chain: string, comment: string): string => `rule ${chain}: ${comment}`,
  element: (set: string, value: string): string => `element ${set}: ${value}`,
} as const;

interface Element {
  readonly set: string;
  readonly value: string;
}

interface Table {
  readonly chains: readonly { readonly name: string; readonly hook: string; readonly rules: readonly { readonly match: string; readonly comment: string }[] }[];
  readonly sets: readonly { readonly name: string; readonly type: string; readonly elements: readonly string[] }[];
}

const DROP_TABLE = firewallRemoval();
const FAMILIES = [['ip', '4', 'inet'], ['ip6', '6', 'inet6']] as const;

function tableOf({ clampInterfaces, tunnels, vxlan, ipip, nat }: Firewall): Table {
  const input = [...(tunnels === undefined ? [] : [INNER]), ...(vxlan === undefined ? [] : FAMILIES.map(([ip, digit]) => vxlanRule(ip, digit, vxlan.port)))];
  return {
    chains: [
      ...(clampInterfaces.length === 0 ? [] : [{ name: 'forward', hook: 'filter hook forward priority mangle', rules: CLAMP }]),
      ...(input.length === 0 ? [] : [{ name: 'input', hook: 'filter hook input priority filter', rules: input }]),
      ...(tunnels === undefined ? [] : [{ name: 'output', hook: 'filter hook output priority filter', rules: OUTER }]),
      ...(ipip === undefined ? [] : [{ name: 'ipip', hook: 'filter hook input priority filter', rules: [ipipRule(canonicalAddress(ipip.local))] }]),
      ...(nat === undefined ? [] : [{ name: 'postrouting', hook: 'nat hook postrouting priority srcnat', rules: NAT }]),
    ],
    sets: [
      ...(clampInterfaces.length === 0 ? [] : [{ name: 'clamp', type: 'ifname', elements: clampInterfaces }]),
      ...(tunnels === undefined ? [] : [{ name: 'wgport', type: 'inet_service', elements: tunnels.ports.map(String) }, ...byFamily('self', tunnels.addresses.map(canonicalAddress), '')]),
      ...(vxlan === undefined ? [] : byFamily('vtep', vxlan.from.map(canonicalAddress), '')),
      ...(ipip === undefined ? [] : [{ name: 'ipip4', type: 'ipv4_addr', elements: ipip.from.map(canonicalAddress) }]),
      ...(nat === undefined ? [] : NAT_SETS.flatMap((name) => byFamily(name, nat[name], '; flags interval'))),
    ],
  };
}

/**
 * Both directions: `rt mtu` takes the smaller of the ways to and from (kernel net/netfilter/nft_rt.c), and a SYN that comes out
 * of a tunnel tells its receiver how much may go back into it.
 */
const CLAMP = ['oifname', 'iifname'].map((direction) => ({
  match: `${direction} @clamp tcp flags syn / syn,rst tcp option maxseg size set rt mtu`,
  comment: `kilofed: clamp mss to route mtu, ${direction}`,
}));

/** A tunnel inside a tunnel: see `tunnelFirewall` in core/mesh/planNode.ts. The devices are those whose MSS is clamped. */
const INNER = { match: 'iifname @clamp udp dport @wgport drop', comment: 'kilofed: no tunnel out of a tunnel' };
const OUTER = [
  { match: 'oifname @clamp udp sport @wgport drop', comment: 'kilofed: no tunnel into a tunnel' },
  ...FAMILIES.map(([ip, digit]) => ({ match: `udp sport @wgport ${ip} saddr @self${digit} drop`, comment: `kilofed: ${ip} no tunnel from a mesh address` })),
];

function vxlanRule(ip: string, digit: string, port: number): { readonly match: string; readonly comment: string } {
  return { match: `udp dport ${port} ${ip} saddr != @vtep${digit} drop`, comment: `kilofed: ${ip} vxlan ${port} only from the location` };
}

/** Not any IPIP of the host, as Kilo's: others may have tunnels at other addresses. */
function ipipRule(local: string): { readonly match: string; readonly comment: string } {
  return { match: `ip daddr ${local} ip protocol 4 ip saddr != @ipip4 drop`, comment: `kilofed: ipip to ${local} only from the location` };
}

const NAT_SETS = ['from', 'known', 'location'] as const;

/** `return`, so that chains of others, such as kube-proxy's, have their say. */
const NAT = FAMILIES.flatMap(([ip, digit]) => [
  { match: `${ip} daddr @known${digit} return`, comment: `kilofed: ${ip} keep the sender inside the mesh` },
  { match: `${ip} saddr @known${digit} ${ip} daddr @location${digit} masquerade fully-random`, comment: `kilofed: ${ip} masquerade from the mesh to networks of the location` },
  { match: `${ip} saddr @from${digit} masquerade fully-random`, comment: `kilofed: ${ip} masquerade pods and peers to the outside` },
]);

/** Canonical CIDRs or addresses; nft prints a CIDR of one address without its length. */
function byFamily(name: string, elements: readonly string[], flags: string): Table['sets'] {
  return FAMILIES.map(([, digit, family]) => ({
    name: `${name}${digit}`,
    type: `${family === 'inet' ? 'ipv4_addr' : 'ipv6_addr'}${flags}`,
    elements: elements.filter((element) => familyOf(element) === family).map((element) => element.replace(family === 'inet' ? /\/32$/ : /\/128$/, '')),
  }));
}

function elementOf(text: string): Element | undefined {
  const [, set, value] = /^element ([a-z0-9]+): (.+)$/.exec(text) ?? [];
  return set === undefined || value === undefined ? undefined : { set, value };
}

function quoted(type: string, element: string): string {
  return type === 'ifname' ? `"${element}"` : element;
}

function firewallRemoval(): readonly string[] {
  return [`table inet ${NFT_TABLE}`, `delete table inet ${NFT_TABLE}`];
}
