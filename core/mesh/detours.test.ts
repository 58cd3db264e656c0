import { describe, expect, test } from '@jest/globals';
import { type Cidr, parseCidr } from '../net/cidr.js';
import { type Claims, claimPrefixes } from './claims.js';
import { routable } from './detours.js';
import type { Segment } from './segments.js';

function external(name: string, allowedIPs: readonly string[]): Segment {
  return { name: `peer:${name}`, kind: 'externalPeer', location: '', nodes: [], gateways: [], allowedIPs, locationIPs: [] };
}

function destinations(
  externalPeers: Readonly<Record<string, readonly string[]>>,
  underlay: readonly string[],
  reserved: readonly string[] = [],
): Record<string, readonly string[]> {
  const own: Segment = { name: 'location:', kind: 'own', location: '', nodes: [], gateways: [], allowedIPs: [], locationIPs: [] };
  const remote = Object.entries(externalPeers).map(([name, allowedIPs]) => external(name, allowedIPs));
  const claims = claimPrefixes({ own, remote });
  return routed(claims, { underlay, reserved });
}

function routed(
  claims: Claims,
  {
    underlay = [],
    reserved = [],
    outbid = false,
  }: { readonly underlay?: readonly string[]; readonly reserved?: readonly string[]; readonly outbid?: boolean },
): Record<string, readonly string[]> {
  const found = routable(claims, { underlay: () => cidrs(underlay), reserved: cidrs(reserved), ends: new Map(), outbid });
  return Object.fromEntries([...found].map(([name, each]) => [name, each.routed]));
}

function cidrs(texts: readonly string[]): Cidr[] {
  return texts.map((each) => parseCidr(each) as Cidr);
}

test('without anything to go around, destinations are the prefixes', () => {
  expect(destinations({ a: ['10.9.0.0/29', 'fd00::/64'] }, ['10.9.0.8', '10.8.255.255', 'fd00:0:0:1::1'])).toEqual({
    'peer:a': ['10.9.0.0/29', 'fd00::/64'],
  });
});

test('an address is gone around in as few prefixes as possible, and a prefix that is one has no route', () => {
  expect(destinations({ a: ['10.9.0.0/29', '10.8.0.1/32'] }, ['10.9.0.1', '10.8.0.1'])).toEqual({
    'peer:a': ['10.9.0.0/32', '10.9.0.2/31', '10.9.0.4/30'],
  });
});

describe('where a network plugin has routes of its own for the cluster', () => {
  const cluster = (name: string, allowedIPs: readonly string[]): Segment => ({ ...external(name, allowedIPs), name, kind: 'own' });

  test("the cluster's networks are routed as halves, others and single addresses as they are", () => {
    const claims = claimPrefixes({
      own: cluster('own', []),
      remote: [cluster('far', ['10.42.4.0/24', '10.4.0.7/32', 'fd00:42::/64']), external('p', ['10.9.0.0/24'])],
    });
    expect(routed(claims, { outbid: true })).toEqual({
      far: ['10.4.0.7/32', '10.42.4.0/25', '10.42.4.128/25', 'fd00:42::/65', 'fd00:42:0:0:8000::/65'],
      'peer:p': ['10.9.0.0/24'],
    });
  });

  test("a half that is somebody else's stays theirs, and an address in the other is gone around", () => {
    const claims = claimPrefixes({
      own: cluster('own', ['10.42.4.0/30']),
      remote: [cluster('far', ['10.42.4.0/29'])],
    });
    expect(routed(claims, { underlay: ['10.42.4.4'], outbid: true })['far']).toEqual(['10.42.4.5/32', '10.42.4.6/31']);
  });
});

test("an API server's address is gone around, unless it is a node of the own cluster", () => {
  expect(destinations({ a: ['10.9.0.0/30', '10.8.0.1/32'] }, [], ['10.9.0.2', '10.8.0.1'])).toEqual({
    'peer:a': ['10.9.0.0/31', '10.9.0.3/32'],
  });
  const far: Segment = { ...external('far', ['10.8.0.1/32']), name: 'far', kind: 'own' };
  const claims = claimPrefixes({
    own: { ...far, name: 'own', allowedIPs: [] },
    remote: [far, external('p', ['10.8.0.0/30'])],
  });
  expect(routed(claims, { reserved: ['10.8.0.1'] })).toEqual({ far: ['10.8.0.1/32'], 'peer:p': ['10.8.0.0/32', '10.8.0.2/31'] });
});

test('pieces take nothing from a narrower prefix of somebody else', () => {
  expect(destinations({ wide: ['10.9.0.0/29'], narrow: ['10.9.0.0/30'] }, ['10.9.0.1'])).toEqual({
    'peer:narrow': ['10.9.0.0/32', '10.9.0.2/31'],
    'peer:wide': ['10.9.0.4/30'],
  });
});
