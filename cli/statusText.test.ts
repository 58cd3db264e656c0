import { describe, expect, test } from '@jest/globals';
import type { FederationStatus } from '../core/api/status.js';
import { BROKEN_LINK, EMPTY, HEALTHY, REFUSED_PAIR, UNREACHABLE_MEMBER } from '../test/fakes/federationStatus.js';
import { statusText } from './statusText.js';

function text(status: FederationStatus, wide = false): string {
  return statusText(status, { wide });
}

describe('statusText', () => {
  test('a healthy federation', () => {
    expect(text(HEALTHY)).toBe(`\
2 members, 4 nodes, 1 exported service: all is well
hub 0.1.0, up 1h, queue in redis

MEMBER  STATE  KUBERNETES  NODES  POD CIDRS    SERVICE CIDRS  PEERS  SERVICES  SLICES
east    ready  v1.35.4     3      10.1.0.0/16  10.101.0.0/16  1      0         0
west    ready  v1.34.2     1      10.2.0.0/16  10.102.0.0/16  3      1         1

MEMBER  LOCATION   NODES  GATEWAYS BY SLOT
east    lyon       2      0:east-a1, 1:east-a2
east    oslo       1      0:east-b1
west    (default)  1      0:west-a1

LINK         STATE  PEERS  RTT    REASON
east - west  up     3 - 1  12 ms

SERVICE   EXPORTED BY       MIRRORED IN
demo/web  east (1/2 ready)  west
`);
  });

  test('an importer that cannot reach the endpoints is told beside the Service', () => {
    const reason = 'endpoints of east count as not ready: no link to them works';
    const services = HEALTHY.services.map((service) => ({ ...service, importers: service.importers.map((each) => ({ ...each, reason })) }));
    expect(text({ ...HEALTHY, services })).toContain(`demo/web  east (1/2 ready)  west (${reason})\n`);
  });

  test('the same, wide', () => {
    expect(text(HEALTHY, true)).toBe(`\
2 members, 4 nodes, 1 exported service: all is well
hub 0.1.0, up 1h, queue in redis

MEMBER  STATE  KUBERNETES  NODES  POD CIDRS    SERVICE CIDRS  PEERS  SERVICES  SLICES  MESH CIDRS   \
SERVER                  CLUSTER UID  CREDENTIALS
east    ready  v1.35.4     3      10.1.0.0/16  10.101.0.0/16  1      0         0       10.4.1.0/24  \
https://10.77.0.1:6443  3b0f6a0e     end in 12 days
west    ready  v1.34.2     1      10.2.0.0/16  10.102.0.0/16  3      1         1       10.4.2.0/24  \
https://10.77.0.2:6443  8d5f0c52     -

MEMBER  LOCATION   NODES             GATEWAYS BY SLOT      ALLOWED IPS
east    lyon       east-a1, east-a2  0:east-a1, 1:east-a2  10.1.0.0/24, 10.1.1.0/24, 10.4.1.1/32, 10.4.1.2/32
east    oslo       east-b1           0:east-b1             10.1.2.0/24, 10.4.1.3/32
west    (default)  west-a1           0:west-a1             10.2.0.0/24, 10.4.2.1/32

MEMBER  LOCATION   SLOT  GATEWAY  ENDPOINT          PUBLIC KEY
east    lyon       0     east-a1  192.0.2.11:51820  rHuXLmOeO6ArgWCaS9eiUTU/dNVPGMjDSo4yhOrg/UI=
east    lyon       1     east-a2  192.0.2.12:51820  Hkl/cQcWPQxUZVRHG9fUSRhUPFbyBmASKgWpQLMDTFs=
east    oslo       0     east-b1  dials only        wLzaQaTl3ePGGrnbGvxzCIQ0XiPDsTcXMRNbWz2cOmE=
west    (default)  0     west-a1  192.0.2.21:51820  OYRxnzZEKY8H8UHIVkN4JyyhSnWDcCgDbCYK2b1xFUY=

LINK         STATE  PEERS  RTT    REASON
east - west  up     3 - 1  12 ms

SERVICE   EXPORTED BY       MIRRORED IN
demo/web  east (1/2 ready)  west
`);
  });

  test('a refused pair: why, and what to do', () => {
    expect(text(REFUSED_PAIR)).toBe(`\
2 members, 4 nodes, 0 exported services: 1 problem
hub 0.1.0, up 1h, queue in redis

MEMBER  STATE  KUBERNETES  NODES  POD CIDRS    SERVICE CIDRS  PEERS  SERVICES  SLICES
east    ready  v1.35.4     3      10.1.0.0/16  10.101.0.0/16  1      0         0
west    ready  v1.34.2     1      10.2.0.0/16  10.102.0.0/16  3      1         1

MEMBER  LOCATION   NODES  GATEWAYS BY SLOT
east    lyon       2      0:east-a1, 1:east-a2
east    oslo       1      0:east-b1
west    (default)  1      0:west-a1

LINK         STATE    PEERS  RTT  REASON
east - west  refused  0 - 0  -    pod CIDR 10.1.0.0/16 is used by both

PROBLEMS
  east, pair west: OverlappingCIDRs
    Pod CIDR 10.1.0.0/16 is used by east and by west. Give one of them another range.
`);
  });

  test('an unreachable member, a mirror under another name, a queue that limps', () => {
    const [headline, , , , , west] = text(UNREACHABLE_MEMBER).split('\n');
    expect(headline).toBe('2 members, 4 nodes, 1 exported service: 2 problems');
    expect(west).toBe('west    unreachable  v1.34.2     1      10.2.0.0/16  10.102.0.0/16  3      1         1');
    expect(text(UNREACHABLE_MEMBER)).toContain(
      'demo/web  east (1/2 ready)  west as derived-1f2e3d4c5b, north (pending: create namespace demo in north to import it there)\n',
    );
    expect(text(UNREACHABLE_MEMBER)).toMatch(/PROBLEMS\n {2}the hub, queue: Degraded\n(.*\n)+ {2}west, member: Unreachable\n/);
  });

  test('an empty federation: how to add a member', () => {
    expect(text(EMPTY)).toBe(`\
no members
hub 0.1.0, up 5s, queue in memory

A member is a Secret in the hub's namespace, labelled kilofed.io/cluster=<id>, that holds a kubeconfig:

  kubectl -n kilofed create secret generic member-east --from-file=kubeconfig=east.kubeconfig
  kubectl -n kilofed label secret member-east kilofed.io/cluster=east

PROBLEMS
  the hub, member: NoMembers
    no member is declared
`);
  });

  test.each([
    [59.9, '59s'],
    [60, '1m'],
    [7_199, '1h'],
    [86_400 * 12.5, '12d'],
  ])('up for %d seconds: %s', (uptimeSeconds, expected) => {
    expect(text({ ...EMPTY, hub: { ...EMPTY.hub, uptimeSeconds } })).toContain(`up ${expected},`);
  });

  test('I1: a link is not well because both ends are registered', () => {
    const shown = text(BROKEN_LINK);
    expect(shown).toContain('2 members, 4 nodes, 1 exported service: 1 problem\n');
    expect(shown).toContain('LINK         STATE          PEERS  RTT    REASON\neast - west  up, back down  3 - 1  12 ms  NoAnswer\n');
    expect(shown).toContain(
      'PROBLEMS\n  east, pair west: LinkDown\n    no tunnel from west to location lyon of east works: open UDP 51820\n',
    );
  });

  test('many links: the good ones are counted, the others shown', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const ways = ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => ({ from, to })));
    const pairs = ways.map((way) => ({
      ...way,
      state: way.from === 'c' && way.to === 'a' ? ('pending' as const) : ('linked' as const),
      peers: 1,
    }));
    const links = ways.map(({ from, to }) => ({
      from: { member: from, segment: 'location:' },
      to: { member: to, segment: 'location:' },
      state: from === 'g' && to === 'h' ? ('degraded' as const) : ('up' as const),
      planes: [],
    }));
    const shown = text({ ...EMPTY, pairs, links });
    expect(shown).toContain(`26 links up
LINK   STATE              PEERS  RTT  REASON
a - c  up, back pending   1 - 1  -
g - h  degraded, back up  1 - 1  -
`);
    expect(shown).not.toContain('a - b');
    expect(text({ ...EMPTY, pairs, links }, true)).toContain('a - b');
  });
});
