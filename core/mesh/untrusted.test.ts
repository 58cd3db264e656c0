/**
 * What the Peers of another member, written by the hub from what that member says, cannot do to a node.
 */
import { describe, expect, test } from '@jest/globals';
import { ANNOTATION, LABEL } from '../api/names.js';
import { subjectText } from '../api/problem.js';
import type { Peer } from '../api/peer.js';
import { asPeers, cluster, externalPeer, fakeKey } from '../../test/fakes/mesh.js';
import { EAST, carried, east, plan, reasons } from '../../test/fakes/meshPlans.js';
import type { NodePlan } from './plan.js';
import { GUARD_METRIC, MAIN_TABLE } from './reserved.js';

interface Shown {
  readonly spec?: Partial<Peer['spec']>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly created?: string;
  readonly slot?: number;
}

/** The Peer of a gateway of member `id`, as the hub writes it. */
function memberPeer(id: string, { spec = {}, annotations = {}, created = '2026-01-01T00:00:00Z', slot = 0 }: Shown = {}): Peer {
  return {
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: {
      name: `${id}-x-${slot}`,
      creationTimestamp: created,
      labels: { [LABEL.managedBy]: 'kilofed-hub', [LABEL.cluster]: id, [LABEL.segment]: 'x', [LABEL.location]: '' },
      annotations: { [ANNOTATION.slot]: String(slot), [ANNOTATION.planes]: '2', ...annotations },
    },
    spec: {
      allowedIPs: ['10.60.0.0/16'],
      publicKey: fakeKey(`${id}${slot}`),
      endpoint: { dnsOrIP: { ip: '203.0.113.66' }, port: 51_820 },
      ...spec,
    },
  };
}

const victim = memberPeer('victim', {
  spec: { allowedIPs: ['10.50.0.0/16'], endpoint: { dnsOrIP: { ip: '203.0.113.50' }, port: 51_820 } },
});
const evil = (spec: Partial<Peer['spec']>, more: Omit<Shown, 'spec'> = {}): Peer =>
  memberPeer('evil', { created: '2026-02-02T00:00:00Z', ...more, spec });

/** By owner: the allowed IPs on `kilo0`. */
function tunnels({ interfaces }: NodePlan): Record<string, string> {
  return Object.fromEntries((interfaces[0]?.peers ?? []).map((peer) => [subjectText(peer.owner), peer.allowedIPs.join(' ')]));
}

describe('C1: a member routes nothing into itself but the private ranges of others', () => {
  test.each([
    ['a resolver of the Internet', '8.8.8.8/32', 'NotAllowed'],
    ["a machine beside the nodes, such as the LAN's resolver", '172.20.1.2/32', 'LocalNetwork'],
    ['a machine beside nodes of another location', '172.20.2.2/32', 'LocalNetwork'],
    ['half of that LAN', '172.20.1.128/25', 'LocalNetwork'],
    ['more than that LAN', '172.20.0.0/16', 'LocalNetwork'],
    ['an eighth of the Internet', '32.0.0.0/3', 'NotAllowed'],
    ['the half of it', '128.0.0.0/1', 'SpecialRange'],
    ['private addresses and more', '192.0.0.0/8', 'NotAllowed'],
    ['shorter than /8', '100.0.0.0/7', 'NotAllowed'],
    ['around the own pods, so that it could send as they do', '10.40.0.0/14', 'PrefixTaken'],
    ['in the range of mesh addresses, though no node has it yet', '10.4.77.0/24', 'PrefixTaken'],
    ['the metadata service of a cloud, in a private range', '100.100.100.200/32', 'NotAllowed'],
    ['addresses of the Internet', '2001:db8::/32', 'NotAllowed'],
    ['half of all private addresses', 'fc00::/8', 'NotAllowed'],
    ['loopback', '127.0.0.1/32', 'SpecialRange'],
    ['everything', '0.0.0.0/0', 'DefaultRoute'],
  ])('%s', (_what, prefix, reason) => {
    for (const node of ['a', 'c', 'd']) {
      const planned = plan(node, east, { peers: [evil({ allowedIPs: [prefix, '10.60.0.0/16'] })] });
      expect(reasons(planned)).toEqual([`segment evil/x: ${reason}`]);
      expect(planned.routes.filter(({ dst, table }) => dst === prefix && table === MAIN_TABLE)).toEqual([]);
      expect(Object.values(tunnels(planned)).filter((each) => each.split(' ').includes(prefix))).toEqual([]);
      expect(carried(planned).some((each) => each.startsWith('10.60.0.0/16'))).toBe(true);
    }
  });

  test.each([
    ['inside of what was declared', '198.51.100.0/24', ['198.51.100.0/24'], []],
    ['as much as was declared', '198.18.0.0/16,198.51.100.0/24', ['198.18.0.0/16', '198.51.100.0/25'], []],
    ['private, and not declared', '198.51.100.0/24', ['10.60.0.0/16'], ['NotAllowed']],
    ['nothing was declared to be allowed', '', ['10.60.0.0/16'], ['NotAllowed']],
    ['what was declared is no range', 'all', ['10.60.0.0/16'], ['NotAllowed']],
    ['shorter than /8, though declared', '32.0.0.0/3', ['32.0.0.0/3'], ['NotAllowed']],
    ["a LAN of the cluster's, though declared", '172.20.0.0/16', ['172.20.1.2/32'], ['LocalNetwork']],
  ])('declared: %s', (_what, declared, allowedIPs, expected) => {
    const planned = plan('a', east, { peers: [evil({ allowedIPs }, { annotations: { [ANNOTATION.allowedCIDRs]: declared } })] });
    expect(planned.problems.map(({ reason }) => reason)).toEqual(expected);
    expect(tunnels(planned)['gateway evil-x-0']).toBe(expected.length === 0 ? allowedIPs.join(' ') : '');
  });
});

describe('C2: an address in the range of who was there first is theirs', () => {
  test.each(['evil', 'zevil'])('whatever the name: %s', (id) => {
    const late = memberPeer(id, {
      created: '2026-02-02T00:00:00Z',
      spec: { allowedIPs: ['10.50.0.7/32', '10.42.4.9/32', '10.60.0.0/16'] },
    });
    const planned = plan('a', east, { peers: [late, victim] });
    expect(reasons(planned)).toEqual([`segment ${id}/x: PrefixTaken`, `segment ${id}/x: PrefixTaken`]);
    expect(tunnels(planned)).toMatchObject({ [`gateway ${id}-x-0`]: '10.60.0.0/16', 'gateway victim-x-0': '10.50.0.0/16' });
  });

  test('a mesh address that no tunnel leads to is not probed', () => {
    const planned = plan('a', east, {
      peers: [evil({}, { annotations: { [ANNOTATION.meshAddress]: '10.42.1.9,10.50.0.7,8.8.8.8,10.60.0.9' } }), victim],
    });
    const targets = planned.probing?.paths.flatMap((path) => path.targets).filter(({ name }) => name === 'evil-x-0');
    expect(new Set(targets?.map(({ address }) => address))).toEqual(new Set(['10.60.0.9']));
  });
});

describe('H1: an endpoint takes nothing out of the tunnels of others', () => {
  const at = (host: string): Partial<Peer['spec']> => ({
    endpoint: { dnsOrIP: /[a-z]/.test(host) ? { dns: host } : { ip: host }, port: 51_820 },
  });
  const resolved = { 'evil.example': '10.50.0.7' };
  const office = externalPeer('office', { allowedIPs: ['192.168.10.0/24'] });
  const without = plan('a', east, { peers: [victim, office] });

  test.each([
    ["another member's pod", '10.50.0.7', 'EndpointTaken'],
    ['the same, by a name', 'evil.example', 'EndpointTaken'],
    ['a pod of another location', '10.42.4.5', 'EndpointTaken'],
    ['a pod of the own location', '10.42.2.5', 'EndpointTaken'],
    ["a machine of the office's", '192.168.10.9', 'EndpointTaken'],
    ['the metadata service', '169.254.169.254', 'SpecialRange'],
    ['loopback', '127.0.0.1', 'SpecialRange'],
  ])('%s', (_what, host, reason) => {
    const planned = plan('a', east, { peers: [victim, office, evil(at(host))], resolved });
    expect(reasons(planned)).toEqual([`gateway evil-x-0: ${reason}`]);
    expect(planned.routes.filter(({ dst }) => dst !== '10.60.0.0/16')).toEqual(without.routes);
    if (reason === 'SpecialRange')
      expect(planned.interfaces[0]?.peers.find(({ owner }) => owner.name === 'evil-x-0')?.endpoint).toBeUndefined();
  });

  test('in its own prefix: a hole, so that the tunnel does not run into itself, and a guard', () => {
    const planned = plan('a', east, { peers: [evil({ allowedIPs: ['10.60.0.0/30'], ...at('10.60.0.1') })] });
    expect(carried(planned).filter((each) => each.startsWith('10.60'))).toEqual([
      '10.60.0.0/32 -> plane/0|node/b',
      '10.60.0.2/31 -> plane/0|node/b',
    ]);
    expect(planned.routes.filter(({ dst }) => dst === '10.60.0.1/32').map(({ to, metric }) => [to.kind, metric])).toEqual([
      ['unreachable', GUARD_METRIC],
    ]);
  });

  test("a person's machine in its own prefix is reached without the mesh, as in Kilo", () => {
    const router = externalPeer('router', { allowedIPs: ['192.168.10.0/30'], ...at('192.168.10.1') });
    const planned = plan('a', east, { peers: [router] });
    expect(planned.problems).toEqual([]);
    expect(planned.routes.filter(({ dst }) => dst === '192.168.10.1/32')).toEqual([]);
    expect(planned.interfaces[0]?.peers.find(({ owner }) => owner.name === 'router')?.endpoint).toBe('192.168.10.1:51820');
  });

  test("a person's endpoint cuts nothing out of the prefixes of others either", () => {
    const planned = plan('a', east, { peers: [victim, office, externalPeer('laptop', at('192.168.10.9'))] });
    expect(reasons(planned)).toEqual(['peer laptop: EndpointTaken']);
    expect(carried(planned)).toContain('192.168.10.0/24 -> plane/0|node/b');
  });

  test('one beside the node is reached by the network there, whatever lies around that', () => {
    const peers = [externalPeer('router', { allowedIPs: ['172.16.0.0/12'] }), externalPeer('laptop', at('172.20.1.99'))];
    expect(plan('a', east, { peers }).problems).toEqual([]);
  });
});

describe('H2: a key is whose it was first', () => {
  const VICTIM = victim.spec.publicKey;
  const later = '2026-02-02T00:00:00Z';

  test.each([
    ['evil', 0],
    ['zevil', 0],
    ['evil', 1],
    ['zevil', 1],
  ])('of two members: %s, slot %d', (id, slot) => {
    const thief = memberPeer(id, {
      created: later,
      slot,
      spec: { publicKey: VICTIM, endpoint: { dnsOrIP: { ip: '203.0.113.50' }, port: 51_820 } },
    });
    const planned = plan('a', east, { peers: [thief, victim] });
    const [alone, both] = [plan('a', east, { peers: [victim] }), planned];
    expect(reasons(both)).toEqual([`gateway ${id}-x-${slot}: DuplicateKey`]);
    expect(both.interfaces).toEqual(alone.interfaces);
    expect(both.probing).toEqual(alone.probing);
    expect(both.routes.filter(({ dst }) => dst !== '10.60.0.0/16')).toEqual(alone.routes);
  });

  test('at the same time: the lower id, whatever the segment', () => {
    const same = memberPeer('west', { spec: { publicKey: VICTIM } });
    expect(reasons(plan('a', east, { peers: [same, victim] }))).toEqual(['gateway west-x-0: DuplicateKey']);
  });

  test.each([
    ["a person's", fakeKey('laptop')],
    ["a gateway's of the own cluster", fakeKey('d')],
    ["a neighbour's", fakeKey('b')],
  ])('%s is not for a member, though its Peer were older', (_what, publicKey) => {
    const laptop = { ...externalPeer('laptop'), metadata: { name: 'laptop', creationTimestamp: later } };
    const planned = plan('a', east, { peers: [memberPeer('evil', { spec: { publicKey } }), laptop] });
    expect(reasons(planned)).toEqual(['gateway evil-x-0: DuplicateKey']);
    expect(planned.interfaces).toEqual(plan('a', east, { peers: [laptop] }).interfaces);
  });
});

describe("H3: what the cluster's own administrator wrote is not taken by another cluster", () => {
  const laptop = externalPeer('laptop', { allowedIPs: ['10.5.0.2/32'] });
  const office = externalPeer('office', { allowedIPs: ['192.168.10.0/24'] });

  test.each([
    ['the same prefixes', ['192.168.10.0/24', '10.5.0.2/32']],
    ['parts of them', ['192.168.10.128/25', '192.168.10.7/32']],
  ])('%s', (_what, prefixes) => {
    // Though it came first.
    const thief = memberPeer('evil', { created: '2025-01-01T00:00:00Z', spec: { allowedIPs: prefixes } });
    const planned = plan('a', east, { peers: [thief, laptop, office] });
    expect(reasons(planned)).toEqual(prefixes.map(() => 'segment evil/x: PrefixTaken'));
    expect(tunnels(planned)).toMatchObject({ 'peer laptop': '10.5.0.2/32', 'peer office': '192.168.10.0/24', 'gateway evil-x-0': '' });
    const without = plan('a', east, { peers: [laptop, office] });
    expect(planned.routes).toEqual(without.routes);
  });

  test('around them, for who is around them could send as they do', () => {
    const planned = plan('a', east, { peers: [memberPeer('evil', { spec: { allowedIPs: ['10.5.0.0/16'] } }), laptop] });
    expect(planned.problems).toMatchObject([
      {
        subject: { kind: 'segment', name: 'evil/x' },
        reason: 'PrefixTaken',
        message: '10.5.0.0/16 overlaps 10.5.0.2/32, which belongs to peer:laptop',
      },
    ]);
    expect(tunnels(planned)).toMatchObject({ 'peer laptop': '10.5.0.2/32', 'gateway evil-x-0': '' });
  });

  test('a network beside nodes', () => {
    const nodes = cluster(
      EAST.map((node) => (node.name === 'd' ? { ...node, locationIPs: ['192.168.178.0/24'] } : node)),
      '10.4.0.0/16',
    );
    const planned = plan('a', nodes, { peers: [memberPeer('evil', { spec: { allowedIPs: ['192.168.178.7/32'] } })] });
    expect(reasons(planned)).toEqual(['segment evil/x: PrefixTaken']);
    expect(carried(planned).filter((each) => each.startsWith('192.168'))).toEqual(['192.168.178.0/24 -> plane/0|node/b']);
  });
});

test('honest members lie where they did', () => {
  const far = cluster([{ name: 'w', location: 'far', internalIP: '192.168.7.5/24', podCIDR: '10.45.1.0/24' }], '10.5.0.0/16');
  const planned = plan('a', east, { peers: asPeers('west', far, 2) });
  expect(planned.problems).toEqual([]);
  expect(carried(planned).filter((each) => each.startsWith('10.45') || each.startsWith('10.5'))).toHaveLength(2);
});
