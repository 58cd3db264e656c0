import { expect, test } from '@jest/globals';
import { staleFlows } from './conntrack.js';

/** As conntrack 1.4.7 prints it; 10.0.0.2 and fd00::2 are the node. */
const LISTING = `udp      17 29 src=10.42.0.9 dst=10.43.0.1 sport=4000 dport=7000 [UNREPLIED] \
src=10.43.0.1 dst=10.0.0.2 sport=7000 dport=62058 mark=0 use=1
udp      17 29 src=10.42.0.9 dst=10.43.0.2 sport=4000 dport=7000 [UNREPLIED] src=10.43.0.2 dst=10.0.0.2 sport=7000 dport=62059 mark=0 use=1
udp      17 29 src=10.42.0.9 dst=10.43.0.4 sport=4000 dport=7000 src=10.43.0.4 dst=10.42.0.9 sport=7000 dport=4000 mark=0 use=1
icmp     1 29 src=10.42.0.9 dst=8.8.8.8 type=8 code=0 id=4199 src=8.8.8.8 dst=10.0.0.2 type=0 code=0 id=62058 mark=0 use=1
tcp      6 110 SYN_SENT src=10.42.0.9 dst=10.96.0.5 sport=4000 dport=80 [UNREPLIED] \
src=10.43.0.3 dst=10.0.0.2 sport=8080 dport=1 mark=0 use=1
tcp      6 431999 ESTABLISHED src=10.42.0.9 dst=10.96.0.1 sport=4001 dport=443 \
src=10.43.0.6 dst=10.0.0.2 sport=6443 dport=1 [ASSURED] mark=0 use=1
udp      17 29 src=10.42.0.9 dst=10.96.0.10 sport=4000 dport=53 src=192.0.2.1 dst=10.0.0.2 sport=53 dport=4000 mark=0 use=1
udp      17 29 src=fd42::9 dst=fd43::1 sport=4000 dport=7000 [UNREPLIED] src=fd43::1 dst=fd00::2 sport=7000 dport=62058 mark=0 use=1
`;

test.each<[string, readonly string[], readonly string[]]>([
  [
    'two flows into one prefix, one call; a flow through a Service, by its answerer',
    ['10.43.0.0/24'],
    ['-f ipv4 -p 17 -d 10.43.0.0/24 -q 10.0.0.2', '-f ipv4 -p tcp --state SYN_SENT -r 10.43.0.3 -q 10.0.0.2'],
  ],
  ['a TCP connection that was answered goes on', ['10.43.0.6/32'], []],
  ['what a Service sends elsewhere does not go there', ['10.96.0.0/16'], []],
  ['what keeps its sender is left alone', ['10.43.0.4/32'], []],
  ['IPv6', ['fd43::/64'], ['-f ipv6 -p 17 -d fd43::/64 -q fd00::2']],
  ['nothing went there', ['10.44.0.0/24', 'fd44::/64'], []],
])('%s', (_what, prefixes, calls) => {
  expect(staleFlows(LISTING, prefixes).map((call) => call.join(' '))).toEqual(calls);
});

test('an empty table, and one of a thousand Services', () => {
  expect(staleFlows('', ['10.43.0.0/24'])).toEqual([]);
  const many = Array.from(
    { length: 1000 },
    (_, index) =>
      `udp      17 29 src=10.42.0.9 dst=10.96.0.5 sport=1 dport=1 src=10.43.${index >> 8}.${index & 255} dst=10.0.0.2 sport=1 dport=1`,
  );
  expect(staleFlows(many.join('\n'), ['10.43.0.0/16'])).toHaveLength(100);
});
