/**
 * A kind of packet, as far as it is known, and whether it is one that a rule speaks of.
 */
import { type Cidr, contains, overlaps, parseCidr } from '../net/cidr.js';

/** maybe: some packets of that kind are, others are not, or nobody can say. */
export type Truth = 'yes' | 'no' | 'maybe';

/** The first packet of a connection, with an address of the machine that it arrives at. */
export interface Packet {
  readonly family: 'ip' | 'ip6';
  readonly hook: 'input' | 'output' | 'forward';
  readonly protocol: 'tcp' | 'udp';
  /** Absent: any one. */
  readonly dport?: number;
  /** A device of the mesh; absent: any one that is neither that, nor the loopback, nor one of `notBy`. */
  readonly iifname?: string;
  readonly oifname?: string;
  readonly notBy?: readonly string[];
  /** Anything in these networks; absent: anybody's address. */
  readonly saddr?: readonly Cidr[];
  readonly daddr?: readonly Cidr[];
}

/** Of devices that a packet is said not to have. */
const OWN_DEVICES = /^(lo|kilo.*)$/;
/** Addresses that packets from one machine to another never have. */
const NOWHERE = ['127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32', '::1/128', 'fe80::/10', 'ff00::/8'].flatMap(
  (text) => parseCidr(text) ?? [],
);
const OTHER_STATES = ['established', 'related', 'invalid'];
/** Not the name of a set, and no calculation. */
const LITERAL = /^("[^"]*"|[\w.:/*-]+)$/;
const NUMBERS: Readonly<Record<string, string>> = { 6: 'tcp', 17: 'udp', 1: 'icmp', 58: 'ipv6-icmp', 132: 'sctp' };

type Match = (packet: Packet, value: string) => Truth;

const protocol: Match = (packet, value) => truth((NUMBERS[value] ?? value) === packet.protocol);
const iifname: Match = (packet, value) => device(packet.hook === 'output' ? '' : packet.iifname, value, packet);
const oifname: Match = (packet, value) => device(packet.hook === 'input' ? '' : packet.oifname, value, packet);
const saddr: Match = (packet, value) => within(packet.saddr, value);
const daddr: Match = (packet, value) => within(packet.daddr, value);
const dport: Match = (packet, value) => port(packet.dport, value);
const sport: Match = (_packet, value) => port(undefined, value);

/** By nft's words. */
const MATCHES: Readonly<Record<string, Match>> = {
  ...{ iifname, iif: iifname, oifname, oif: oifname },
  ...{ 'ip saddr': saddr, 'ip6 saddr': saddr, 'ip daddr': daddr, 'ip6 daddr': daddr },
  ...{ 'meta l4proto': protocol, 'ip protocol': protocol, 'ip6 nexthdr': protocol },
  ...{ 'tcp dport': dport, 'udp dport': dport, 'th dport': dport, 'tcp sport': sport, 'udp sport': sport, 'th sport': sport },
  'meta nfproto': ({ family }, value) => truth(value === (family === 'ip' ? 'ipv4' : 'ipv6')),
  'ct state': (_packet, value) => (value === 'new' ? 'yes' : OTHER_STATES.includes(value) ? 'no' : 'maybe'),
  // It is sent to where it arrives.
  'ct status': (_packet, value) => (value === 'dnat' ? 'no' : 'maybe'),
  'fib daddr type': ({ hook }, value) => truth(value === (hook === 'input' ? 'local' : 'unicast')),
};

/** What is said of the packet by `key`, such as `udp dport`, for one value; nft's words. */
export function holds(packet: Packet, key: string, value: string): Truth {
  return LITERAL.test(value) ? (MATCHES[key]?.(packet, value) ?? 'maybe') : 'maybe';
}

/** A key that begins so speaks only of packets of which it is true. */
export function couldBe(packet: Packet, word: string): boolean {
  switch (word) {
    case 'ip':
    case 'ip6':
      return word === packet.family;
    case 'tcp':
    case 'udp':
      return word === packet.protocol;
    case 'icmp':
    case 'icmpv6':
    case 'sctp':
    case 'dccp':
    case 'esp':
    case 'ah':
      return false;
    default:
      return true;
  }
}

function truth(is: boolean): Truth {
  return is ? 'yes' : 'no';
}

/** `name`: empty: it has none. */
function device(name: string | undefined, value: string, { notBy = [] }: Packet): Truth {
  const wanted = value.replaceAll('"', '');
  if (name === '') return 'no';
  if (name === undefined) return OWN_DEVICES.test(wanted) || notBy.includes(wanted) ? 'no' : 'maybe';
  return truth(wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted);
}

function port(known: number | undefined, value: string): Truth {
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(value) ?? [];
  if (first === '') return 'maybe';
  if (known !== undefined) return truth(Number(first) <= known && known <= Number(last));
  return first === '0' && last === '65535' ? 'yes' : 'maybe';
}

function within(known: readonly Cidr[] | undefined, value: string): Truth {
  const cidr = parseCidr(value);
  if (cidr === undefined) return 'maybe';
  if (cidr.length === 0) return 'yes';
  if (NOWHERE.some((each) => contains(each, cidr))) return 'no';
  if (known === undefined) return 'maybe';
  if (known.every((each) => contains(cidr, each))) return 'yes';
  return known.some((each) => overlaps(cidr, each)) ? 'maybe' : 'no';
}
