/**
 * Why a link does not work, and what to do about it, in words, of what both ends say.
 *
 * Either end sees half: one that hears nothing cannot tell whether its packets or the answers are lost. Together they can.
 */
import type { LinkReason } from '../api/links.js';
import { DEFAULT_NAMESPACE, KILO_ANNOTATION } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import { gravest } from './gravest.js';
import type { LinkPlane, SegmentLink } from './segmentLinks.js';

/** What one end says of its way to the other. */
export type LinkSide = Pick<SegmentLink, 'state' | 'planes'>;

/** What people call the ends, such as `east` and `west`. */
interface Ends {
  readonly from: string;
  readonly to: string;
}

type Side = LinkSide & Ends;

/** Undefined: the link works, as far as its two ends say. `back` absent: nothing is known of the far end. */
export function explainLink(there: LinkSide, back: LinkSide | undefined, { from, to }: Ends): Complaint | undefined {
  const sides: readonly Side[] = [{ ...there, from, to }, ...(back === undefined ? [] : [{ ...back, from: to, to: from }])];
  const broken = sides.filter(({ state }) => state === 'down' || state === 'degraded');
  if (broken.length === 0) return there.state === 'unknown' ? unknownLink({ ...there, from, to }) : undefined;
  const isDown = broken.some(({ state }) => state === 'down');
  return {
    reason: isDown ? 'LinkDown' : 'LinkDegraded',
    message: [headline(broken, sides), ...broken.flatMap(factsOf), ...sides.flatMap((side) => otherWay(side, isDown))].join('; '),
    remedy: remedyFor(broken, sides),
  };
}

function unknownLink({ planes, from, to }: Side): Complaint {
  if (planes.length > 0 && planes.every(({ lost }) => lost === true))
    return {
      reason: 'LinkUnknown',
      message: `the nodes that end the tunnels of ${from} to ${to} are lost: ${few(planes.map(({ node }) => node))}`,
      remedy: 'look at these nodes',
    };
  if (planes.length > 0)
    return {
      reason: 'LinkUnknown',
      message: `gateways of ${to} have not answered a probe of ${from} yet, and those that run Kilo never do`,
    };
  return {
    reason: 'LinkUnknown',
    message: `no gateway of ${from} reports on a tunnel to ${to}`,
    remedy: 'do its node-agents run, and are manifests/crds and manifests/cluster.yaml of this version applied there?',
  };
}

/** Probes go there and back, so what one end does not get through neither does the other, whatever it last reported. */
function headline(broken: readonly Side[], [first]: readonly Side[]): string {
  const ends = `${first?.from} and ${first?.to}`;
  const down = broken.filter(({ state }) => state === 'down');
  if (down.length === 0) return `some tunnels between ${ends} do not work`;
  // What it forwards goes on in its kernel.
  const isWatched = down.some(({ planes }) => failing(planes).some(({ reason }) => reason !== 'AgentGone'));
  return isWatched ? `no tunnel between ${ends} works` : `tunnels between ${ends} go on, but nobody watches them`;
}

/** What an end adds that has nothing to complain of. */
function otherWay({ state, from, to }: Side, isDown: boolean): string[] {
  if (state === 'unknown') return [`nobody reports on tunnels from ${from} to ${to}`];
  if (state !== 'up') return [];
  return isDown ? [`gateways of ${from} have not said so: they may not reach their API server`] : [`${from} reaches ${to}`];
}

/** So many tunnels are told of; the rest is counted. */
const TOLD = 3;

function factsOf({ planes }: Side): string[] {
  const facts = [...new Set(failing(planes).map(factOf))];
  return facts.length <= TOLD ? facts : [...facts.slice(0, TOLD), `and ${facts.length - TOLD} more`];
}

function factOf(plane: LinkPlane): string {
  return FACTS[plane.reason ?? 'NoAnswer'](plane);
}

const FACTS: Readonly<Record<LinkReason, (plane: LinkPlane) => string>> = {
  NoEndpoint: ({ node, peer }) => `neither ${node} nor ${peer} has an endpoint that the other could dial`,
  NoHandshake: (plane) => `${plane.node} never had a handshake with ${plane.peer}${at(plane)}`,
  NoAnswer: (plane) => `nothing comes back to ${plane.node} from ${plane.peer}${at(plane)}`,
  OneWay: (plane) => `${plane.node} hears ${plane.peer}${at(plane)}, which does not hear ${plane.node}`,
  AgentGone: ({ node, peer }) => `WireGuard of ${peer} answers ${node}, its node-agent does not`,
  KeyUnknown: ({ node, peer }) => `${peer} does not know the key of ${node} yet`,
  NotForwarding: ({ node, peer }) => `${peer} answers ${node} and forwards nothing`,
  LargePackets: ({ node, peer }) => `large packets between ${node} and ${peer} are lost`,
};

function at({ endpoint }: LinkPlane): string {
  return endpoint === undefined ? '' : ` (UDP ${endpoint})`;
}

/** By the gravest reason of either end. */
function remedyFor(broken: readonly Side[], sides: readonly Side[]): string {
  const reason = gravest(broken.flatMap(({ planes }) => failing(planes).flatMap((plane) => plane.reason ?? [])));
  switch (reason) {
    case 'AgentGone':
      return `look at the node-agent there: kubectl -n ${DEFAULT_NAMESPACE} get pods -o wide`;
    case 'NotForwarding':
      return 'look there for a firewall that drops forwarded packets; spec.forwardRules of its Mesh opens the FORWARD chains of iptables';
    case 'KeyUnknown':
      return 'the hub registers it there: does it run, and does kilofed status show both members as ready?';
    case 'NoEndpoint':
      return `give a gateway an address that others reach, with the annotation ${KILO_ANNOTATION.forceEndpoint} on its Node`;
    case 'LargePackets':
      return 'let ICMP "packet too big" and "fragmentation needed" pass, or set spec.mtu of both Meshes to what the path carries';
    default:
      return openPorts(broken, sides);
  }
}

/** Who does not hear what is sent to it is behind what has to be opened. Where nobody can tell who that is, it may be either. */
function openPorts(broken: readonly Side[], sides: readonly Side[]): string {
  const deaf = broken.flatMap(({ planes }) => failing(planes).filter(({ reason }) => reason === 'OneWay'));
  const closed = deaf.length > 0 ? deaf : sides.flatMap(({ planes }) => planes);
  const ends = closed.flatMap(({ endpoint }) => ENDPOINT.exec(endpoint ?? '')?.slice(1) ?? []);
  if (ends.length === 0) return 'open the UDP ports of the gateways in the firewalls between them';
  const [hosts, ports] = [ends.filter((_, index) => index % 2 === 0), ends.filter((_, index) => index % 2 === 1)];
  return (
    `open UDP ${few(ports)} towards ${few(hosts)} in the firewalls between them, or correct these endpoints with the annotation ` +
    KILO_ANNOTATION.forceEndpoint
  );
}

/** An address, in brackets if it is IPv6, or a name; and a port. */
const ENDPOINT = /^(.+):(\d{1,5})$/;

/** So many are named; the rest is counted. */
const NAMED = 6;

function few(texts: readonly string[]): string {
  const unique = [...new Set(texts)].toSorted();
  return `${unique.slice(0, NAMED).join(', ')}${unique.length > NAMED ? ` and ${unique.length - NAMED} more` : ''}`;
}

/** A tunnel that works and has a reason is impaired. */
function failing(planes: readonly LinkPlane[]): LinkPlane[] {
  return planes.filter(({ state, reason }) => state === 'down' || (state === 'up' && reason !== undefined));
}
