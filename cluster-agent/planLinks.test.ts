import { expect, test } from '@jest/globals';
import type { ReportedLink } from '../core/api/gatewayReport.js';
import type { Mesh } from '../core/api/mesh.js';
import { meshSchema } from '../core/api/mesh.js';
import { LABEL } from '../core/api/names.js';
import { ownSegments } from '../core/mesh/segments.js';
import { tunnel } from '../test/fakes/links.js';
import { asPeers, cluster, defaults } from '../test/fakes/mesh.js';
import { type LinksInput, planLinks } from './planLinks.js';

const EAST = cluster(
  [
    { name: 'a1', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
    { name: 'a2', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
    { name: 'b1', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.3.0/24' },
  ],
  '10.4.0.0/16',
);
const WEST = cluster([{ name: 'w1', internalIP: '172.21.1.11/24', podCIDR: '10.43.1.0/24' }], '10.5.0.0/16');
const PEERS = asPeers('west', WEST, 2);
const TO_WEST = `west/${PEERS[0]?.metadata.labels?.[LABEL.segment]}`;

function input(reports: Readonly<Record<string, readonly ReportedLink[]>>, more: Partial<LinksInput> = {}): LinksInput {
  const mesh = { ...defaults, ...more.mesh?.spec };
  const segments = ownSegments(more.meshNodes ?? EAST, mesh).segments.map(({ name, location, nodes, gateways }) => ({
    name,
    location,
    nodes: nodes.length,
    gateways: gateways.map((gateway) => ({ slot: gateway.slot, node: gateway.name })),
  }));
  return {
    meshNodes: EAST,
    peers: PEERS,
    reports: new Map(Object.entries(reports)),
    lost: new Set(),
    ...more,
    mesh: { metadata: { name: 'default', generation: 3 }, spec: mesh, status: { segments } },
  };
}

const west = (differs: Partial<ReportedLink> = {}): ReportedLink => tunnel({ segment: TO_WEST, peer: 'west-w1', ...differs });
const us = (differs: Partial<ReportedLink> = {}): ReportedLink =>
  tunnel({ segment: 'location:us', member: undefined, peer: 'b1', ...differs });
const eu = (differs: Partial<ReportedLink> = {}): ReportedLink =>
  tunnel({ segment: 'location:eu', member: undefined, peer: 'a1', ...differs });
const DOWN = { state: 'down', inUse: false, reason: 'NoHandshake', rttMilliseconds: undefined, lossPercent: undefined } as const;

test('every pair of segments that should talk has a link in each direction that this cluster sends', () => {
  const { listed, condition, counts } = planLinks(input({ a1: [us(), west()], a2: [us()], b1: [eu(), west()] }));
  expect(listed.map(({ from, to, member, state }) => [from, to, member, state])).toEqual([
    ['location:eu', 'location:us', undefined, 'up'],
    ['location:eu', TO_WEST, 'west', 'up'],
    ['location:us', 'location:eu', undefined, 'up'],
    ['location:us', TO_WEST, 'west', 'up'],
  ]);
  expect(counts).toEqual({ up: 4, degraded: 0, down: 0, unknown: 0 });
  expect(condition).toEqual({
    type: 'Linked',
    status: 'True',
    reason: 'Linked',
    message: 'all other segments are reached',
    observedGeneration: 3,
  });
});

test('I1: with UDP closed between the clusters nothing is well, and it says what to open', () => {
  const { listed, condition } = planLinks(input({ a1: [us(), west(DOWN)], a2: [us(), west(DOWN)], b1: [eu(), west(DOWN)] }));
  expect(listed.slice(0, 2).map(({ from, state, reason }) => [from, state, reason])).toEqual([
    ['location:eu', 'down', 'NoHandshake'],
    ['location:us', 'down', 'NoHandshake'],
  ]);
  expect(condition).toMatchObject({ status: 'False', reason: 'LinkDown' });
  expect(condition.message).toBe(
    'no tunnel between location eu and west works; a1 never had a handshake with west-w1 (UDP 203.0.113.7:51820); a2 never had a ' +
      'handshake with west-w1 (UDP 203.0.113.7:51820): open UDP 51820 towards 203.0.113.7 in the firewalls between them, or ' +
      'correct these endpoints with the annotation kilo.squat.ai/force-endpoint (of 4 links: 2 down)',
  );
});

test('of a link inside the cluster both ends are heard', () => {
  const { listed } = planLinks(
    input(
      { a1: [us({ ...DOWN, reason: 'NoAnswer' })], b1: [eu({ ...DOWN, reason: 'OneWay', endpoint: '198.51.100.2:51820' })] },
      { peers: [] },
    ),
  );
  expect(listed[0]?.message).toBe(
    'no tunnel between location eu and location us works; nothing comes back to a1 from b1 (UDP 203.0.113.7:51820); b1 hears a1 (UDP ' +
      '198.51.100.2:51820), which does not hear b1: open UDP 51820 towards 198.51.100.2 in the firewalls between them, or correct these ' +
      'endpoints with the annotation kilo.squat.ai/force-endpoint',
  );
});

test('what nobody reports on is unknown, and so is what a lost node said', () => {
  expect(planLinks(input({})).condition).toMatchObject({ status: 'Unknown', reason: 'LinkUnknown' });
  const all = { a1: [us(), west()], b1: [eu(), west()] };
  const { condition, counts } = planLinks(input(all, { lost: new Set(['b1']) }));
  expect(counts).toEqual({ up: 2, degraded: 0, down: 0, unknown: 2 });
  expect(condition).toMatchObject({ status: 'Unknown', reason: 'LinkUnknown' });
  expect(condition.message).toContain('the nodes that end the tunnels of location us to location eu are lost: b1');
});

test('one gateway that works carries the others: degraded, and Linked', () => {
  const { condition } = planLinks(input({ a1: [us(DOWN), west()], a2: [us(), west()], b1: [eu(), west()] }));
  expect(condition).toMatchObject({ status: 'True', reason: 'LinkDegraded' });
});

test('a report on what is gone, or stands for nobody, is not heard', () => {
  const gone = [tunnel({ segment: 'location:gone', member: undefined, ...DOWN }), tunnel({ segment: 'north/x', member: 'north', ...DOWN })];
  const { listed } = planLinks(input({ a1: [us(), west(), ...gone], b1: [eu(), west()], c1: [west(DOWN)] }));
  expect(listed.every(({ state }) => state === 'up')).toBe(true);
});

test('nodes of one site have no link to each other where each node is a segment for others', () => {
  const links = (granularity: 'cross' | 'full'): number =>
    planLinks(input({}, { peers: [], mesh: { metadata: { name: 'default' }, spec: { ...defaults, granularity } } })).listed.length;
  expect(links('full')).toBe(3 * 2);
  expect(links('cross')).toBe(4);
});

test('a cluster of one location and no member has nothing to be linked with', () => {
  const { listed, condition } = planLinks(input({}, { peers: [], meshNodes: EAST.slice(0, 2) }));
  expect(listed).toEqual([]);
  expect(condition).toMatchObject({ status: 'True', message: 'there is no other segment' });
});

test('the gateways in use, with the worst of their figures', () => {
  const { listed } = planLinks(
    input(
      {
        a1: [us({ rttMilliseconds: 20, lossPercent: 0 })],
        a2: [us({ rttMilliseconds: 45, lossPercent: 1 }), us({ slot: 1, peer: 'b2', inUse: false, rttMilliseconds: 900 })],
      },
      { peers: [] },
    ),
  );
  expect(listed.find(({ from }) => from === 'location:eu')).toMatchObject({
    inUse: [{ slot: 0, peer: 'b1' }],
    rttMilliseconds: 45,
    lossPercent: 1,
  });
});

test('a mesh of a thousand single nodes: the Mesh stays small, and lists what does not work', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
  const nodes = cluster(
    names.map((name, index) => ({
      name,
      internalIP: `172.20.${index >> 8}.${index & 255}/16`,
      podCIDR: `10.${100 + (index >> 8)}.${index & 255}.0/24`,
    })),
    '10.4.0.0/16',
  );
  const link = (name: string): ReportedLink => tunnel({ segment: `node:${name}`, member: undefined, peer: name });
  const working = names.slice(0, 200).map(link);
  const reports = Object.fromEntries(names.map((name) => [name, working]));
  reports['n7'] = working.map((each) => ({ ...each, ...DOWN }));
  const mesh = { metadata: { name: 'default' }, spec: { ...defaults, granularity: 'full' as const } };
  const { listed, condition, counts } = planLinks(input(reports, { mesh, meshNodes: nodes, peers: [] }));
  expect(counts).toMatchObject({ down: 200, up: 199_800 });
  expect(listed.length).toBe(128);
  expect(listed.every(({ from, state }) => from === 'node:n7' && state === 'down')).toBe(true);
  expect(condition).toMatchObject({ status: 'False', reason: 'LinkDown' });
  expect(JSON.stringify(listed).length).toBeLessThan(128 * 1024);
});

test('however long the names of others are, the Mesh takes what is listed', () => {
  const long = 'ü'.repeat(253);
  const { listed } = planLinks(
    input({ a1: [west({ ...DOWN, peer: long }), west({ ...DOWN, peer: `\u{1f600}${long.slice(3)}`, slot: 1 })] }),
  );
  const status: Mesh['status'] = { links: [...listed] };
  expect(
    meshSchema.safeParse({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: defaults, status }).error,
  ).toBeUndefined();
});
