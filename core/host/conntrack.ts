/**
 * Which connections must be forgotten when a prefix becomes known: those that were given another sender's address on the way
 * there. While packets keep coming the kernel never lets go of them, and the tunnel drops what has the wrong source.
 *
 * A TCP connection that was answered is left alone: with another sender it would be another connection, so forgetting
 * could only end it, and without a word to the side that waits. That side may be any controller of the cluster, whose watch
 * would then be silent until its own timeout.
 *
 * `conntrack` 1.4.7 takes a CIDR only for the destination as the sender wrote it, and its own filters for translated
 * connections let everything through. So translation is told by the address that answers go to, and what was sent to a
 * Service by the address that answers come from.
 */
import { type Cidr, contains, parseCidr } from '../net/cidr.js';

/** Of what `conntrack -L` printed, the filters for `conntrack -D`, each the arguments of one call; at most `MAX_CALLS`. */
export function staleFlows(listing: string, prefixes: readonly string[]): readonly (readonly string[])[] {
  const networks = prefixes.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [{ cidr, text }];
  });
  const calls = new Map<string, readonly string[]>();
  for (const line of listing.split('\n')) {
    const [, protocol = '', sender, written, unanswered, answering = '', answered = ''] = FLOW.exec(line) ?? [];
    if (sender === undefined || sender === answered) continue;
    if (protocol === TCP && unanswered === undefined) continue;
    const network = networkOf(answering, networks);
    if (network === undefined) continue;
    const call = [
      ...['-f', answered.includes(':') ? 'ipv6' : 'ipv4'],
      ...['-p', ...(protocol === TCP ? ['tcp', '--state', 'SYN_SENT'] : [protocol])],
      ...(written === answering ? ['-d', network] : ['-r', answering]),
      ...['-q', answered],
    ];
    calls.set(call.join(' '), call);
  }
  return [...calls.values()].slice(0, MAX_CALLS);
}

/** A call reads the whole table: one of a hundred thousand takes a good part of a second. */
const MAX_CALLS = 100;

const TCP = '6';

/** Number of the protocol, sender and destination as sent, whether nobody answered, then both as answered. */
const FLOW = /^\S+\s+(\d+) .*?src=(\S+) dst=(\S+) .*?(\[UNREPLIED\] )?src=(\S+) dst=(\S+)/;

function networkOf(address: string | undefined, networks: readonly { readonly cidr: Cidr; readonly text: string }[]): string | undefined {
  const parsed = address === undefined ? undefined : parseCidr(address);
  return parsed === undefined ? undefined : networks.find(({ cidr }) => contains(cidr, parsed))?.text;
}
