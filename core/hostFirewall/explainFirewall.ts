/**
 * Which firewall of the host drops packets of the mesh, and the command that opens it.
 *
 * "drops" is said only where no rule before could accept them, else "may drop"; of what is dropped for some senders or ports only, nothing
 * is said. The hooks input, forward and output of nftables are looked at, where iptables-nft, ufw, firewalld and Docker are, too; neither
 * iptables-legacy nor what drops elsewhere.
 */
import { PROBE_PORT, VXLAN_PORT } from '../api/ports.js';
import type { Problem } from '../api/problem.js';
import { parseCidr } from '../net/cidr.js';
import { commandFor, type Opening } from './commands.js';
import { type Fate, fateIn } from './judge.js';
import type { Packet } from './packet.js';
import type { FirewallTable } from './ruleset.js';

/** How many of the paths of a kind fail. */
export type Failing = 'all' | 'some' | 'none';

/** What passes this host for the mesh, and how that goes. */
export interface MeshTraffic {
  readonly node: string;
  /** UDP ports of the tunnels that end here and that others dial. */
  readonly ports: readonly number[];
  /** Devices of the mesh. */
  readonly devices: readonly string[];
  /** Devices by which this host reaches other nodes, and no pod of its own. */
  readonly underlay: readonly string[];
  /** Packets of the location come in VXLAN. */
  readonly hasVxlan: boolean;
  /** Of this node's pods. */
  readonly podCIDRs: readonly string[];
  /** Of the network that the nodes stand in. */
  readonly families: readonly Packet['family'][];
  /** Of mesh addresses. */
  readonly meshFamilies: readonly Packet['family'][];
  readonly tunnelsFail: Failing;
  /** Paths to nodes of the own location. */
  readonly insideFails: Failing;
}

/** The gravest first. Nothing about packets whose paths work; of forwarded ones always, since nothing probes them. */
export function explainFirewall(tables: readonly FirewallTable[], traffic: MeshTraffic): readonly Problem[] {
  const problems = questionsOf(traffic).flatMap((question) => tables.flatMap((table) => problemOf(table, question, traffic.node) ?? []));
  const unique = new Map(problems.map((problem) => [`${problem.message} ${problem.remedy}`, problem]));
  return [...unique.values()].toSorted((a, b) => Number(a.reason !== 'FirewallDrops') - Number(b.reason !== 'FirewallDrops'));
}

interface Question {
  readonly opening: Opening;
  /** What goes wrong. */
  readonly symptom: string;
  /** Whether a drop of all of it explains all of that. */
  readonly explains: boolean;
  readonly packets: readonly { readonly what: string; readonly packet: Packet }[];
}

function problemOf(table: FirewallTable, { opening, symptom, explains, packets }: Question, node: string): Problem | undefined {
  const dropped = packets.flatMap(({ what, packet }) => {
    const fate = fateIn(table, packet);
    return fate === undefined ? [] : [{ what, packet, fate }];
  });
  const [first] = dropped;
  if (first === undefined) return undefined;
  const isSure = dropped.every(({ fate }) => fate.isSure);
  const isAll = dropped.length === packets.length;
  const what = [...new Set(dropped.map((one) => one.what))].join(' and ');
  return {
    subject: { kind: 'node', name: node },
    reason: isSure && isAll && explains ? 'FirewallDrops' : 'FirewallSuspected',
    message: `${symptom}, and its host's firewall ${isSure ? 'drops' : 'may drop'} ${what}: ${placeOf(table, first.fate)}`,
    remedy: `open it with ${commandFor(table, { ...first, opening })}`,
  };
}

function placeOf({ family, name }: FirewallTable, { chain, byPolicy }: Fate): string {
  return `chain ${chain} of the nft table ${family} ${name}${byPolicy ? ' (policy drop)' : ''}`;
}

function questionsOf(traffic: MeshTraffic): readonly Question[] {
  return [...tunnelQuestions(traffic), ...insideQuestions(traffic), ...forwardQuestions(traffic)];
}

/** Packets from others, each kind and family a question of its own: a table may drop one alone. */
function incoming(
  opening: Extract<Opening, { readonly kind: 'in' }>,
  how: Pick<Question, 'symptom' | 'explains'> & { readonly what: string },
  from: { readonly families: readonly Packet['family'][]; readonly iifname?: string },
): readonly Question[] {
  const { families, ...device } = from;
  return families.map((family) => ({
    ...how,
    opening,
    packets: [{ what: how.what, packet: { family, hook: 'input', protocol: 'udp', dport: opening.from, ...device } }],
  }));
}

function tunnelQuestions({ ports, devices, families, meshFamilies, tunnelsFail }: MeshTraffic): readonly Question[] {
  if (tunnelsFail === 'none') return [];
  const how = { symptom: tunnelsFail === 'all' ? 'no tunnel works' : 'some tunnels do not work', explains: tunnelsFail === 'all' };
  return [
    ...ports.flatMap((port) => incoming({ kind: 'in', from: port, to: port }, { ...how, what: `UDP ${port} (a tunnel)` }, { families })),
    ...families.map((family) => ({
      ...how,
      opening: { kind: 'out' } as const,
      packets: [{ what: 'UDP that this host sends (its tunnels)', packet: { family, hook: 'output', protocol: 'udp' } as const }],
    })),
    ...devices.flatMap((iifname) => incoming(PROBES, { ...how, what: PROBE_TEXT }, { families: meshFamilies, iifname })),
  ];
}

function insideQuestions({ hasVxlan, families, insideFails }: MeshTraffic): readonly Question[] {
  if (insideFails === 'none') return [];
  const how = {
    symptom: insideFails === 'all' ? 'no gateway of its location answers' : 'a gateway of its location does not answer',
    explains: insideFails === 'all',
  };
  const vxlan = { kind: 'in', from: VXLAN_PORT, to: VXLAN_PORT } as const;
  return [
    ...incoming(PROBES, { ...how, what: PROBE_TEXT }, { families }),
    ...(hasVxlan ? incoming(vxlan, { ...how, what: `UDP ${VXLAN_PORT} (VXLAN)` }, { families }) : []),
  ];
}

const PROBES = { kind: 'in', from: PROBE_PORT, to: VXLAN_PORT - 1 } as const;
const PROBE_TEXT = `UDP ${PROBE_PORT} (probes)`;

/** TCP, since some firewalls let ping through. */
function forwardQuestions({ podCIDRs, devices, underlay }: MeshTraffic): readonly Question[] {
  const [device] = devices;
  if (device === undefined) return [];
  return (['ip', 'ip6'] as const).flatMap((family) => {
    const pods = podCIDRs.flatMap((text) => parseCidr(text) ?? []).filter((cidr) => cidr.family === (family === 'ip' ? 4 : 6));
    const packet = { family, hook: 'forward', protocol: 'tcp', notBy: underlay } as const;
    if (pods.length === 0) return [];
    return [
      {
        opening: { kind: 'forward', devices, podCIDRs } as const,
        symptom: 'its pods are cut off from other locations',
        explains: true,
        packets: [
          { what: `what is forwarded from ${device} to its pods`, packet: { ...packet, iifname: device, daddr: pods } },
          { what: `what is forwarded from its pods to ${device}`, packet: { ...packet, oifname: device, saddr: pods } },
        ],
      },
    ];
  });
}
