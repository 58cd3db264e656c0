import { describe, expect, test } from '@jest/globals';
import { subjectText } from '../api/problem.js';
import { fakeKey, externalPeer } from '../../test/fakes/mesh.js';
import { east, plan, carried, reasons } from '../../test/fakes/meshPlans.js';
import { ROUTE_METRIC } from './reserved.js';

describe('external peers', () => {
  test('live on plane 0 of every gateway, by their own port, with their own key and keepalive', () => {
    const laptop = externalPeer('laptop', {
      presharedKey: fakeKey('psk'),
      persistentKeepalive: 25,
      endpoint: { dnsOrIP: { dns: 'laptop.example' }, port: 4000 },
    });
    const { interfaces, groups } = plan('b', east, { peers: [laptop], resolved: { 'laptop.example': '2001:db8::7' } });
    expect(interfaces.map(({ peers }) => peers.filter(({ owner }) => subjectText(owner) === 'peer laptop'))).toEqual([
      [
        {
          owner: { kind: 'peer', name: 'laptop' },
          segment: 'peer:laptop',
          publicKey: fakeKey('laptop'),
          presharedKey: fakeKey('psk'),
          endpoint: '[2001:db8::7]:4000',
          persistentKeepalive: 25,
          allowedIPs: ['10.9.0.1/32'],
        },
      ],
      [],
    ]);
    expect(groups.find(({ segment }) => segment === 'peer:laptop')?.paths.map(({ name }) => name)).toEqual(['plane/0', 'node/a']);
  });

  test.each([
    ['a pod range', '10.42.4.0/24', 'PrefixTaken'],
    ['a part of a pod range', '10.42.4.7/32', 'PrefixTaken'],
    ['an address of the own location', '172.20.1.11/32', 'PrefixTaken'],
    ['half of the network of the own location', '172.20.1.0/25', 'LocalNetwork'],
    ['everything', '0.0.0.0/0', 'DefaultRoute'],
    ['loopback', '127.0.0.1/32', 'SpecialRange'],
  ])('that ask for %s get a problem, and the rest of what they ask for', (_what, bad, reason) => {
    const planned = plan('a', east, { peers: [externalPeer('laptop', { allowedIPs: [bad, '10.9.0.1/32'] })] });
    expect(reasons(planned)).toEqual([`peer laptop: ${reason}`]);
    expect(planned.interfaces[0]?.peers.find(({ owner }) => subjectText(owner) === 'peer laptop')?.allowedIPs).toEqual(['10.9.0.1/32']);
  });

  test('a wide range leaves the ends of tunnels and the own location to the underlay', () => {
    const planned = plan('a', east, { peers: [externalPeer('router', { allowedIPs: ['172.16.0.0/12'] })] });
    expect(planned.problems).toEqual([]);
    expect(planned.interfaces[0]?.peers.find(({ owner }) => subjectText(owner) === 'peer router')?.allowedIPs).toEqual(['172.16.0.0/12']);
    const routes = carried(planned)
      .filter((each) => each.startsWith('172'))
      .map((each) => each.split(' ')[0] ?? '');
    expect(routes).toContain('172.24.0.0/13');
    expect(routes).not.toContain('172.16.0.0/12');
    for (const { spec } of east) expect(routes).not.toContain(`${spec.endpoints[0]?.host}/32`);
  });

  test('one inside the range of another has what is its own, whatever their names', () => {
    for (const [site, laptop] of [
      ['a-site', 'b-laptop'],
      ['b-site', 'a-laptop'],
    ] as const) {
      const planned = plan('d', east, {
        peers: [externalPeer(site, { allowedIPs: ['10.9.0.0/16'] }), externalPeer(laptop, { allowedIPs: ['10.9.0.5/32'] })],
      });
      expect(planned.problems).toEqual([]);
      expect(planned.routes.filter(({ dst, metric }) => dst.startsWith('10.9') && metric === ROUTE_METRIC)).toHaveLength(2);
    }
  });

  test('a bad one changes nothing for anybody else', () => {
    const without = plan('a', east);
    const withBad = plan('a', east, {
      peers: [externalPeer('thief', { allowedIPs: ['10.42.4.0/24'], endpoint: { dnsOrIP: { dns: 'constructor' }, port: 1 } })],
    });
    expect(withBad.routes).toEqual(without.routes);
    expect(withBad.interfaces[0]?.peers.filter(({ owner }) => subjectText(owner) !== 'peer thief')).toEqual(without.interfaces[0]?.peers);
    expect(reasons(withBad)).toEqual(['peer thief: PrefixTaken', 'peer thief: Unresolved']);
  });

  test('one with the key of a gateway is left out, and so are its routes', () => {
    const planned = plan('a', east, {
      peers: [
        externalPeer('copy', { publicKey: fakeKey('d') }),
        externalPeer('self', { publicKey: fakeKey('a'), allowedIPs: ['10.9.0.2/32'] }),
      ],
    });
    expect(reasons(planned)).toEqual(['peer copy: DuplicateKey', 'peer self: OwnKey']);
    expect(planned.interfaces[0]?.peers.map(({ owner }) => subjectText(owner))).toEqual(['gateway d']);
    expect(planned.routes.filter(({ dst }) => dst.startsWith('10.9')).map(({ to }) => to.kind)).toEqual(['unreachable', 'unreachable']);
  });
});
