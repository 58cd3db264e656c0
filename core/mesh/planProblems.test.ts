import { describe, expect, test } from '@jest/globals';
import { ANNOTATION } from '../api/names.js';
import { subjectText } from '../api/problem.js';
import type { Peer } from '../api/peer.js';
import { asPeers, cluster } from '../../test/fakes/mesh.js';
import { EAST, east, west, plan, carried, reasons } from '../../test/fakes/meshPlans.js';

describe('what cannot be', () => {
  test('a location without a gateway has guards only, and one problem', () => {
    const nodes = cluster(
      EAST.map((node) => (node.location === 'eu' ? { ...node, gateway: 'never' } : node)),
      '10.4.0.0/16',
    );
    const planned = plan('a', nodes, { peers: asPeers('west', west, 2) });
    expect(planned.groups).toEqual([]);
    expect(planned.routes.filter(({ dst }) => dst === '10.42.4.0/24' || dst === '10.43.0.0/24').map(({ to }) => to.kind)).toEqual([
      'unreachable',
      'unreachable',
    ]);
    // What runs on its nodes themselves, as the API server may, is not cut off meanwhile.
    const addresses = nodes.flatMap(({ spec }) => spec.internalIPs).map((address) => `${address.split('/')[0]}/32`);
    expect(plan('d', nodes).routes.filter(({ dst }) => addresses.includes(dst))).toEqual([]);
    expect(
      new Set(
        plan('d', east)
          .routes.map(({ dst }) => dst)
          .filter((dst) => addresses.includes(dst)),
      ),
    ).toEqual(new Set(['172.20.9.13/32']));
    expect(reasons(planned)).toEqual(['segment location:eu: NoGateway']);
    expect(reasons(plan('d', nodes))).toEqual(['segment location:eu: NoGateway']);
  });

  test('a member of one plane, as Kilo is, has a tunnel to slot 0 alone; slot 1 goes by way of slot 0', () => {
    const kilo = asPeers('kilo', west, 1);
    expect(plan('a', east, { peers: kilo }).interfaces[0]?.peers.map(({ owner }) => subjectText(owner))).toContain(
      'gateway kilo-location--0',
    );
    const second = plan('b', east, { peers: kilo });
    expect(second.interfaces.flatMap(({ peers }) => peers.map(({ owner }) => subjectText(owner)))).toEqual(['gateway d']);
    expect(carried(second)).toContain('10.43.0.0/24 -> node/a');
    expect(carried(plan('c', east, { peers: kilo }))).toContain('10.43.0.0/24 -> node/a');
    expect(second.problems).toEqual([]);
  });

  test('a remote gateway in a slot that we have no plane for is no way, and nothing else suffers', () => {
    const [peer] = asPeers('west', west, 4);
    if (peer === undefined) throw new Error('no peer');
    const far: Peer = { ...peer, metadata: { ...peer.metadata, annotations: { ...peer.metadata.annotations, [ANNOTATION.slot]: '3' } } };
    const planned = plan('a', east, { peers: [far] });
    expect(reasons(planned)).toEqual(['segment west/location-: NoCommonPlane']);
    expect(carried(planned)).toEqual(carried(plan('a', east)));
  });

  test.each([
    ['no slot', { [ANNOTATION.slot]: '' }],
    ['a slot that is no number', { [ANNOTATION.slot]: '0x1' }],
    ['no planes', { [ANNOTATION.planes]: '0' }],
  ])("a Peer of the hub's with %s is left out", (_what, annotations) => {
    const [peer] = asPeers('west', west, 2);
    if (peer === undefined) throw new Error('no peer');
    const broken: Peer = { ...peer, metadata: { ...peer.metadata, annotations: { ...peer.metadata.annotations, ...annotations } } };
    expect(reasons(plan('a', east, { peers: [broken] }))).toEqual([`peer ${peer.metadata.name}: Incomplete`]);
  });

  test('two nodes of a location with one pod CIDR: the lower name has it, and nobody loses its own', () => {
    const nodes = cluster(
      EAST.map((node) => (node.name === 'c' ? { ...node, podCIDR: '10.42.2.0/24' } : node)),
      '10.4.0.0/16',
    );
    expect(carried(plan('a', nodes)).filter((each) => each.startsWith('10.42.2'))).toEqual(['10.42.2.0/24 -> node/b']);
    expect(reasons(plan('a', nodes))).toEqual(['node c: PrefixTaken']);
    expect(carried(plan('c', nodes)).filter((each) => each.startsWith('10.42.2'))).toEqual([]);
  });

  test('a base port that leaves no room for the planes costs the planes that do not fit', () => {
    const nodes = east.map((node) => ({ ...node, spec: { ...node.spec, endpoints: [{ host: '172.20.1.11', port: 65535 }] } }));
    const planned = plan('a', nodes.slice(0, 1));
    expect(planned.interfaces.map(({ listenPort }) => listenPort)).toEqual([65535]);
    expect(reasons(planned)).toEqual(['node a: PortRange']);
  });

  test('neither end can be dialled', () => {
    const nodes = cluster(
      [
        { name: 'x', location: 'one', podCIDR: '10.1.0.0/24', endpoint: null },
        { name: 'y', location: 'two', podCIDR: '10.1.1.0/24', endpoint: null },
      ],
      '10.4.0.0/16',
    );
    expect(reasons(plan('x', nodes))).toEqual(['gateway y: NoEndpoint']);
  });
});
