/**
 * Which connections to forget when a prefix becomes known: those to it whose source address was translated. The kernel keeps them as long
 * as packets flow, and the tunnel drops packets with the wrong source.
 *
 * A TCP connection that was answered is left alone. With another source it would be another connection, so forgetting it would only end it,
 * without notice to the other side. That may be any controller of the cluster, whose watch would then hang until its own timeout.
 *
 * `conntrack` 1.4.7 accepts a CIDR only for the original destination, and its own filters for translated connections do not filter. So
 * translation is recognised by the address that answers go to, and a Service's backend by the address that answers come from.
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

/** Each call reads the whole table, which takes a good part of a second for a hundred thousand entries. */
const MAX_CALLS = 100;

const TCP = '6';

/** Number of the protocol, sender and destination as sent, whether nobody answered, then both as answered. */
const FLOW = /^\S+\s+(\d+) .*?src=(\S+) dst=(\S+) .*?(\[UNREPLIED\] )?src=(\S+) dst=(\S+)/;

function networkOf(address: string | undefined, networks: readonly { readonly cidr: Cidr; readonly text: string }[]): string | undefined {
  const parsed = address === undefined ? undefined : parseCidr(address);
  return parsed === undefined ? undefined : networks.find(({ cidr }) => contains(cidr, parsed))?.text;
}
