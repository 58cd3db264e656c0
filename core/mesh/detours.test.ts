import { expect, test } from '@jest/globals';
import { type Cidr, parseCidr } from '../net/cidr.js';
import { claimPrefixes } from './claims.js';
import { routable } from './detours.js';
import type { Segment } from './segments.js';

function person(name: string, allowedIPs: readonly string[]): Segment {
  return { name: `peer:${name}`, kind: 'person', location: '', nodes: [], gateways: [], allowedIPs, locationIPs: [] };
}

function destinations(people: Readonly<Record<string, readonly string[]>>, underlay: readonly string[]): Record<string, readonly string[]> {
  const own: Segment = { name: 'location:', kind: 'own', location: '', nodes: [], gateways: [], allowedIPs: [], locationIPs: [] };
  const remote = Object.entries(people).map(([name, allowedIPs]) => person(name, allowedIPs));
  const claims = claimPrefixes({ own, remote, internalIPs: [] });
  return Object.fromEntries(routable(claims, underlay.map((each) => parseCidr(each) as Cidr)));
}

test('without anything to go around, destinations are the prefixes', () => {
  expect(destinations({ a: ['10.9.0.0/29', 'fd00::/64'] }, ['10.9.0.8', '10.8.255.255', 'fd00:0:0:1::1'])).toEqual({ 'peer:a': ['10.9.0.0/29', 'fd00::/64'] });
});

test('an address is gone around in as few prefixes as possible, and a prefix that is one has no route', () => {
  expect(destinations({ a: ['10.9.0.0/29', '10.8.0.1/32'] }, ['10.9.0.1', '10.8.0.1'])).toEqual({ 'peer:a': ['10.9.0.0/32', '10.9.0.2/31', '10.9.0.4/30'] });
});

test('pieces take nothing from a narrower prefix of somebody else', () => {
  expect(destinations({ wide: ['10.9.0.0/29'], narrow: ['10.9.0.0/30'] }, ['10.9.0.1'])).toEqual({
    'peer:narrow': ['10.9.0.0/32', '10.9.0.2/31'],
    'peer:wide': ['10.9.0.4/30'],
  });
});
