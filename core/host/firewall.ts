/**
 * The nft table `inet kilofed`: its text, loaded in one transaction, and the facts by which an observed table is compared.
 *
 * Versions of nft print a ruleset differently, so texts are never compared. Instead every rule has a comment that says all that the rule
 * depends on. These comments and the elements of the sets are the facts.
 */
import type { DeviceKind, FilterOf } from '../mesh/encapsulation/device.js';
import type { Firewall } from '../mesh/plan.js';
import { NFT_TABLE } from '../mesh/reserved.js';
import { memberRules, type MemberRules } from './memberRules.js';
import { PROBE_RULES, probeSets } from './probeRules.js';
import { perObject } from '../memory/perObject.js';
import { byFamily, type Chain, FAMILIES, type Table } from './table.js';
import { canonicalAddress } from './text.js';

/** Sorted. Empty: no table is wanted. */
export const firewallFacts = perObject((firewall: Firewall): readonly string[] => {
  const { chains, sets } = tableOf(firewall);
  return [
    ...chains.flatMap((chain) => chain.rules.map(({ comment }) => fact.rule(chain.name, comment))),
    ...sets.flatMap((set) => set.elements.map((element) => fact.element(set.name, element))),
  ].toSorted();
});

/** For `nft -f -`: replaces the old table by the new one in one transaction. */
export function firewallText(firewall: Firewall): string {
  const { chains, sets, counters } = tableOf(firewall);
  return [
    ...DROP_TABLE,
    `table inet ${NFT_TABLE} {`,
    ...counters.map((name) => `  counter ${name} { }`),
    ...sets.map(({ name, kind = 'set', type, elements }) => `  ${kind} ${name} { type ${type}; ${elementsText(type, elements)}}`),
    ...chains.flatMap(({ name, hook, rules }) => [
      `  chain ${name} {`,
      ...(hook === undefined ? [] : [`    type ${hook}; policy accept;`]),
      ...rules.map(({ match, comment }) => `    ${match} comment "${comment}"`),
      '  }',
    ]),
    '}',
    '',
  ].join('\n');
}

/**
 * The change from an observed table to the desired one by elements of sets only, so that one prefix among thousands costs one line.
 * Undefined: rules differ, too.
 */
export function elementChanges(observed: readonly string[], firewall: Firewall): string | undefined {
  const { sets } = tableOf(firewall);
  const wanted = new Set(firewallFacts(firewall));
  const present = new Set(observed);
  const added = [...wanted].filter((each) => !present.has(each)).map(elementOf);
  const gone = observed.filter((each) => !wanted.has(each)).map(elementOf);
  const types = new Map(sets.map(({ name, type }) => [name, type]));
  if ([...added, ...gone].some((element) => element === undefined || !types.has(element.set))) return undefined;
  const line =
    (verb: string) =>
    (element: Element | undefined): string =>
      element === undefined
        ? ''
        : `${verb} element inet ${NFT_TABLE} ${element.set} { ${quoted(types.get(element.set) ?? '', element.value)} }\n`;
  // Deletions come first: they make room for the wider or narrower prefix that replaces them.
  return [...gone.map(line('delete')), ...added.map(line('add'))].join('');
}

/** Removes the table; no error if there is none. */
export const FIREWALL_REMOVAL: string = `${firewallRemoval().join('\n')}\n`;

export const fact = {
  rule: (chain: string, comment: string): string => `rule ${chain}: ${comment}`,
  element: (set: string, value: string): string => `element ${set}: ${value}`,
} as const;

interface Element {
  readonly set: string;
  readonly value: string;
}

const DROP_TABLE = firewallRemoval();

function tableOf({ clampInterfaces, tunnels, encapsulation, probes, nat, kept, members }: Firewall): Table {
  const inside = encapsulation === undefined ? NO_FILTER : filterOf(encapsulation);
  const foreign = members === undefined ? NO_RULES : memberRules(members, tunnels !== undefined);
  const input = [...(tunnels === undefined ? [] : [INNER]), ...inside.input, ...(probes === undefined ? [] : PROBE_RULES)];
  return {
    chains: [
      ...(clampInterfaces.length === 0 ? [] : [{ name: 'forward', hook: 'filter hook forward priority mangle', rules: CLAMP }]),
      ...(input.length === 0 ? [] : [{ name: 'input', hook: 'filter hook input priority filter', rules: input }]),
      ...(tunnels === undefined ? [] : [{ name: 'output', hook: 'filter hook output priority filter', rules: OUTER }]),
      ...inside.chains,
      ...(nat === undefined ? [] : [{ name: 'postrouting', hook: 'nat hook postrouting priority srcnat', rules: NAT }]),
      ...(kept === undefined ? [] : [{ name: 'source', hook: 'nat hook postrouting priority srcnat - 10', rules: KEEP }]),
      ...foreign.chains,
    ],
    sets: [
      ...(clampInterfaces.length === 0 ? [] : [{ name: 'clamp', type: 'ifname', elements: clampInterfaces }]),
      ...(tunnels === undefined
        ? []
        : [
            { name: 'wgport', type: 'inet_service', elements: tunnels.ports.map(String) },
            ...byFamily('self', tunnels.addresses.map(canonicalAddress), ''),
          ]),
      ...inside.sets,
      ...(probes === undefined ? [] : probeSets(probes)),
      ...(nat === undefined ? [] : NAT_SETS.flatMap((name) => byFamily(name, nat[name], '; flags interval'))),
      ...(kept === undefined ? [] : KEPT_SETS.flatMap((name) => byFamily(name, kept[name], '; flags interval'))),
      ...foreign.sets,
    ],
    counters: foreign.counters,
  };
}

/**
 * In both directions: `rt mtu` is the smaller of the routes to and from (kernel net/netfilter/nft_rt.c), and a SYN that leaves a tunnel
 * tells its receiver how much may enter the tunnel.
 */
const CLAMP = ['oifname', 'iifname'].map((direction) => ({
  match: `${direction} @clamp tcp flags syn / syn,rst tcp option maxseg size set rt mtu`,
  comment: `kilofed: clamp mss to route mtu, ${direction}`,
}));

/** A tunnel inside a tunnel: see `tunnelFirewall` in core/mesh/planNode.ts. The devices are those whose MSS is clamped. */
const INNER = { match: 'iifname @clamp udp dport @wgport drop', comment: 'kilofed: no tunnel out of a tunnel' };
const OUTER = [
  { match: 'oifname @clamp udp sport @wgport drop', comment: 'kilofed: no tunnel into a tunnel' },
  ...FAMILIES.map(([ip, digit]) => ({
    match: `udp sport @wgport ${ip} saddr @self${digit} drop`,
    comment: `kilofed: ${ip} no tunnel from a mesh address`,
  })),
];

interface Filter {
  /** Rules of the chain `input`. */
  readonly input: Chain['rules'];
  readonly chains: readonly Chain[];
  readonly sets: Table['sets'];
}

const NO_RULES: MemberRules = { chains: [], sets: [], counters: [] };
const NO_FILTER: Filter = { input: [], chains: [], sets: [] };

/** Encapsulated packets from anywhere but the location are dropped. */
function filterOf<K extends DeviceKind>(filter: FilterOf<K>): Filter {
  return FILTERS[filter.kind](filter);
}

const FILTERS: { readonly [K in DeviceKind]: (filter: FilterOf<K>) => Filter } = {
  vxlan: ({ port, from }) => ({
    input: FAMILIES.map(([ip, digit]) => ({
      match: `udp dport ${port} ${ip} saddr != @vtep${digit} drop`,
      comment: `kilofed: ${ip} vxlan ${port} only from the location`,
    })),
    chains: [],
    sets: byFamily('vtep', from.map(canonicalAddress), ''),
  }),
  // Unlike Kilo's rule, not all IPIP of the host: others may have tunnels at other addresses.
  ipip({ local, from }) {
    const end = canonicalAddress(local);
    const match = `ip daddr ${end} ip protocol 4 ip saddr != @ipip4 drop`;
    return {
      input: [],
      chains: [
        {
          name: 'ipip',
          hook: 'filter hook input priority filter',
          rules: [{ match, comment: `kilofed: ipip to ${end} only from the location` }],
        },
      ],
      sets: [{ name: 'ipip4', type: 'ipv4_addr', elements: from.map(canonicalAddress) }],
    };
  },
};

const NAT_SETS = ['from', 'known', 'location'] as const;

/** `return`, so that chains of others, such as kube-proxy's, still apply. */
const NAT = FAMILIES.flatMap(([ip, digit]) => [
  { match: `${ip} daddr @known${digit} return`, comment: `kilofed: ${ip} keep the sender inside the mesh` },
  {
    match: `${ip} saddr @known${digit} ${ip} daddr @location${digit} masquerade fully-random`,
    comment: `kilofed: ${ip} masquerade from the mesh to networks of the location`,
  },
  { match: `${ip} saddr @from${digit} masquerade fully-random`, comment: `kilofed: ${ip} masquerade pods and peers to the outside` },
]);

const UNTRANSLATED = 'ct status & dnat == 0';
const KEPT_SETS = ['pods', 'remote'] as const;

/**
 * The first chain that sets a connection's source has decided it, even if to what it was, and the chains of plugins come later. What
 * kube-proxy is to masquerade is left to it: it marks that by this bit, unless it is told another one, and it alone translates on the way
 * to a pod of the cluster.
 */
const KEEP: Chain['rules'] = FAMILIES.flatMap(([ip, digit]) =>
  [
    [UNTRANSLATED, 'pods', 'pods'],
    [UNTRANSLATED, 'remote', 'pods'],
    [UNTRANSLATED, 'remote', 'remote'],
    ['meta mark & 0x4000 == 0', 'pods', 'remote'],
  ].map(([when, from, to]) => {
    const match = `${when} ${ip} saddr @${from}${digit} ${ip} daddr @${to}${digit}`;
    return { match: `${match} snat ${ip} to ${ip} saddr`, comment: `kilofed: keep the source, ${match}` };
  }),
);

function elementOf(text: string): Element | undefined {
  const [, set, value] = /^element (\w+): (.+)$/.exec(text) ?? [];
  return set === undefined || value === undefined ? undefined : { set, value };
}

function elementsText(type: string, elements: readonly string[]): string {
  return elements.length === 0 ? '' : `elements = { ${elements.map((element) => quoted(type, element)).join(', ')} }; `;
}

function quoted(type: string, element: string): string {
  return type === 'ifname' ? `"${element}"` : element;
}

function firewallRemoval(): readonly string[] {
  return [`table inet ${NFT_TABLE}`, `delete table inet ${NFT_TABLE}`];
}
