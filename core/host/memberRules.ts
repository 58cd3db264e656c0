/**
 * The part of the nft table that decides what other members may reach (core/mesh/memberFilter.ts).
 *
 * It looks at destinations after they were translated, and at every packet of a connection that a member began: what leaves a set is cut
 * at the next packet, without a deletion from the connection table. So are answers, except by TCP, which does not go on without its client.
 * Who may reach what stands in sets only, so a Service that is exported costs elements and no rule.
 *
 * Nobody's text gets in: addresses are parsed, and a member's id becomes a word of letters and digits.
 */
import { KNOCK_PORT, PROBE_PORT, VXLAN_PORT } from '../api/ports.js';
import type { ExportedEndpoint, MemberFilter } from '../mesh/plan.js';
import { hash32 } from '../net/hash.js';
import { byFamily, type Chain, FAMILIES, type Rule, type Table } from './table.js';

export type MemberRules = Pick<Table, 'chains' | 'sets' | 'counters'>;

/** `tunnels`: whether the table has the sets `clamp` and `wgport`. */
export function memberRules({ audit, members, exported, open, elsewhere }: MemberFilter, tunnels: boolean): MemberRules {
  const names = new Map(members.map(({ name }) => [name, word(name)]));
  const ranges = members.flatMap((member) => member.ranges);
  return {
    counters: [...names.values()].map(counterName),
    sets: [
      ...byFamily('members', ranges, '; flags interval'),
      ...byFamily('open', open, '; flags interval'),
      ...byFamily('elsewhere', elsewhere, '; flags interval'),
      ...endpointSets('exported', exported),
      ...members.flatMap((member) => endpointSets(`exported_${names.get(member.name)}_`, member.exported)),
      ...verdicts(members, names),
    ],
    chains: [
      {
        name: 'members_forward',
        hook: 'filter hook forward priority filter',
        rules: [...enter('saddr', 'forwarded'), ...enter('daddr', 'answered')],
      },
      { name: 'members_input', hook: 'filter hook input priority filter', rules: enter('saddr', 'received') },
      { name: 'members_output', hook: 'filter hook output priority filter', rules: enter('daddr', 'answered') },
      { name: 'members_source', hook: 'nat hook postrouting priority srcnat - 10', rules: KEEP_SOURCE },
      { name: 'forwarded', rules: [...ANSWERS, ...FORWARDED, ...exports('daddr', 'exported'), ...judge('saddr')] },
      { name: 'received', rules: [...ANSWERS, ...received(tunnels), ...exports('daddr', 'exported'), ...judge('saddr')] },
      { name: 'answered', rules: [...answered(tunnels), ...exports('saddr', 'exported'), ...judge('daddr')] },
      ...[...names.values()].map((name): Chain => ({
        name: `from_${name}`,
        rules: [
          ...exports('daddr', `exported_${name}_`),
          ...exports('saddr', `exported_${name}_`),
          ...count(name),
          ...(audit ? [] : REJECT),
        ],
      })),
    ],
  };
}

/** The counter of what members may not reach, by member: the name that `nft list counters` prints. */
export function deniedCounter(member: string): string {
  return counterName(word(member));
}

function counterName(name: string): string {
  return `denied_${name}`;
}

/** What nft takes as a part of a name, of 63 characters at most: comments have 128. No id of a member has capitals. */
function word(id: string): string {
  return MEMBER_ID.test(id) ? id.replaceAll('-', '_') : `X${hash32(id).toString(16)}`;
}

const MEMBER_ID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** From a range to the chain of its member. */
function verdicts(members: MemberFilter['members'], names: ReadonlyMap<string, string>): Table['sets'] {
  const each = members.map(({ name, ranges }) =>
    byFamily('judge', ranges, '').map(({ elements }) => elements.map((range) => `${range} : jump from_${names.get(name)}`)),
  );
  return byFamily('judge', [], ' : verdict; flags interval').map((map, family) => ({
    ...map,
    kind: 'map',
    elements: each.flatMap((families) => families[family] ?? []),
  }));
}

/** Its comment says all of it, where that is not too long for a comment. */
function rule(match: string, comment = match): Rule {
  return { match, comment: `kilofed: ${comment}` };
}

/** Packets of members, and answers to them. */
function enter(field: 'saddr' | 'daddr', chain: string): Rule[] {
  return FAMILIES.map(([ip, digit]) =>
    rule(`${ip} ${field} @members${digit} ${field === 'daddr' ? 'ct direction reply ' : ''}jump ${chain}`),
  );
}

/** To what this cluster began. A packet of a connection that it did not see begin counts as the first of one that the member begins. */
const ANSWERS = [rule('ct direction reply ct state established accept'), rule('ct state related accept')];

const UNTRANSLATED = 'ct status & dnat == 0';
/** Of no connection that this node knows, so untranslated: `ct status` matches nothing then. An answer that came by another gateway is. */
const UNKNOWN = 'ct state invalid,untracked';

/**
 * What leads to another node is judged there. A translated packet is not: it will be masqueraded, and nobody behind would know whose it is.
 */
const FORWARDED = FAMILIES.flatMap(([ip, digit]) => [
  rule(`${ip} daddr @open${digit} accept`),
  rule(`${UNTRANSLATED} ${ip} daddr @elsewhere${digit} accept`),
  rule(`${UNKNOWN} ${ip} daddr @elsewhere${digit} accept`),
]);

/** Network plugins masquerade what a gateway forwards (flannel), and the destination's node would take it for the gateway's own. */
const KEEP_SOURCE = FAMILIES.map(([ip, digit]) =>
  rule(`${ip} saddr @members${digit} ${ip} daddr @elsewhere${digit} ${UNTRANSLATED} snat ${ip} to ${ip} saddr`),
);

const PROBES = `${PROBE_PORT}-${VXLAN_PORT - 1}`;

/** What the mesh itself needs. Gateways of members on the same network send their tunnels' packets from addresses of theirs. */
function received(tunnels: boolean): Rule[] {
  return [
    rule(`udp dport ${PROBES} accept`),
    rule(`udp dport ${KNOCK_PORT} reject`),
    ...(tunnels ? [rule('iifname != @clamp udp dport @wgport accept')] : []),
    rule(`icmpv6 type { ${NEIGHBOUR_DISCOVERY.join(', ')} } ip6 hoplimit 255 accept`, 'neighbour discovery'),
  ];
}

const NEIGHBOUR_DISCOVERY = ['router-solicit', 'router-advert', 'neighbor-solicit', 'neighbor-advert', 'redirect'].map(
  (type) => `nd-${type}`,
);

function answered(tunnels: boolean): Rule[] {
  return [
    // What a server still sends, its client acknowledges; that is rejected, and tells the client, and then the client's host the server.
    rule('meta l4proto tcp accept'),
    rule('ct state related accept'),
    ...FAMILIES.flatMap(([ip, digit]) => ['open', 'elsewhere'].map((set) => rule(`${ip} saddr @${set}${digit} accept`))),
    rule(`udp sport ${PROBES} accept`),
    ...(tunnels ? [rule('oifname != @clamp udp sport @wgport accept')] : []),
  ];
}

/** `daddr`: of what a member sends; `saddr`: of the answers to it. */
function exports(field: 'saddr' | 'daddr', set: string): Rule[] {
  return FAMILIES.map(([ip, digit]) =>
    rule(
      `${ip} ${field} . meta l4proto . th ${field === 'daddr' ? 'dport' : 'sport'} @${set}${digit} accept`,
      `${ip} ${field} @${set}${digit} accept`,
    ),
  );
}

function judge(field: 'saddr' | 'daddr'): Rule[] {
  return FAMILIES.map(([ip, digit]) => rule(`${ip} ${field} vmap @judge${digit}`));
}

/** Answers are not counted once more. */
function count(name: string): Rule[] {
  return FAMILIES.map(([ip, digit]) => rule(`${ip} saddr @members${digit} counter name ${counterName(name)}`));
}

const REJECT = [rule('meta l4proto tcp reject with tcp reset'), rule('reject with icmpx type admin-prohibited')];

/** nft prints a protocol by its name only where /etc/protocols has it, so facts have its number. */
const PROTOCOLS = { TCP: 6, UDP: 17, SCTP: 132 } as const;

function endpointSets(name: string, endpoints: readonly ExportedEndpoint[]): Table['sets'] {
  const parts = endpoints.map((endpoint) => {
    const [address = '', protocol = 'TCP', port = ''] = endpoint.split(' ');
    return { address, element: `${address} . ${PROTOCOLS[protocol as keyof typeof PROTOCOLS]} . ${port}` };
  });
  return byFamily(
    name,
    parts.map(({ address }) => address),
    ' . inet_proto . inet_service',
  ).map((set, index) => ({
    ...set,
    elements: parts.filter(({ address }) => address.includes(':') === (index === 1)).map(({ element }) => element),
  }));
}
