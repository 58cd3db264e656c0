import { expect, test } from '@jest/globals';
import { cluster, type NodeSketch } from '../test/fakes/mesh.js';
import { locationProblems } from './locationProblems.js';

const LAN = '192.168.178.0/24';
const a: NodeSketch = { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.0.0/24' };
const b: NodeSketch = { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.1.0/24' };
const c: NodeSketch = { name: 'c', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.2.0/24' };

test.each<[string, readonly NodeSketch[], 'location' | 'full', Record<string, RegExp>]>([
  ['none', [a, b, c], 'location', {}],
  ['a network of its own', [{ ...a, locationIPs: [LAN] }, b, c], 'location', {}],
  ['two nodes of a location that name the same', [{ ...a, locationIPs: [LAN] }, { ...b, locationIPs: [LAN] }, c], 'location', {}],
  [
    'the same, with every node a segment',
    [{ ...a, locationIPs: [LAN] }, { ...b, locationIPs: [LAN] }, c],
    'full',
    { b: /allowed location IP 192.168.178.0\/24 already belongs to node:a/ },
  ],
  [
    'the same in two locations',
    [
      { ...a, locationIPs: [LAN] },
      { ...c, locationIPs: [LAN] },
    ],
    'location',
    { c: /allowed location IP 192.168.178.0\/24 already belongs to location:eu/ },
  ],
  ['the pods of a node', [{ ...c, locationIPs: ['10.42.0.0/25'] }, a], 'location', { c: /lies in 10.42.0.0\/24/ }],
  [
    'everything, and a network that is good',
    [{ ...c, locationIPs: ['0.0.0.0/0', LAN] }],
    'location',
    { c: /^of its Node's annotation kilo.squat.ai\/allowed-location-ips, allowed location IP 0.0.0.0\/0 would carry/ },
  ],
])('%s', (_what, sketches, granularity, expected) => {
  const problems = locationProblems(cluster(sketches, '10.4.0.0/16'), { granularity, planes: 2 });
  expect(Object.fromEntries([...problems].map(([name, { reason, message }]) => [name, [reason, message]]))).toEqual(
    Object.fromEntries(Object.entries(expected).map(([name, message]) => [name, ['AllowedLocationIPs', expect.stringMatching(message)]])),
  );
});
