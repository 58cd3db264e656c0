import { expect, test } from '@jest/globals';
import { readOptions } from './exportOptions.js';

function optionsOf(name: string, value: string): readonly [options: unknown, complaints: number] {
  const { options, complaints } = readOptions({ [`kilofed.io/${name}`]: value });
  expect(complaints.every(({ reason }) => reason === 'InvalidAnnotation')).toBe(true);
  return [options, complaints.length];
}

test.each([
  ['own-name', 'true', { ownName: true }],
  ['own-name', 'false', { ownName: false }],
  ['affinity', 'local', { affinity: 'local' }],
  ['affinity', 'none', { affinity: 'none' }],
  ['affinity', 'remote', { affinity: 'remote' }],
  ['endpoints', 'pods', {}],
  ['endpoints', 'clusterip', { endpoints: 'clusterip' }],
  [
    'prefer',
    'north, east,topology.kubernetes.io/region=eu,site=',
    { prefer: ['north', 'east', 'topology.kubernetes.io/region=eu', 'site='] },
  ],
  ['prefer', 'east,east,', { prefer: ['east'] }],
  ['weights', 'north=1, east=3', { weights: { east: 3, north: 1 } }],
  ['weights', 'east=0,north=1000', { weights: { east: 0, north: 1000 } }],
])('%s: %s', (name, value, expected) => {
  expect(optionsOf(name, value)).toEqual([expected, 0]);
});

test.each([
  ['own-name', 'True', {}],
  ['own-name', '', {}],
  ['affinity', 'locl', {}],
  ['endpoints', 'ClusterIP', {}],
  ['prefer', '', {}],
  ['prefer', 'We_st', {}],
  ['prefer', 'east,We_st,a=b=c,north', { prefer: ['east', 'north'] }, 2],
  ['prefer', `east,${'k'.repeat(400)}=v`, { prefer: ['east'] }],
  ['weights', '', {}],
  ['weights', 'east', {}],
  ['weights', 'east=3,north=-1', {}],
  ['weights', 'east=3,north=1.5', {}],
  ['weights', 'east=1001', {}],
  ['weights', 'east=1,east=2', {}],
  ['weights', 'east=0,north=0', {}],
  ['weights', '__proto__=3', {}],
])('%s: "%s" is told, and what is not understood does not count', (name, value, expected, complaints = 1) => {
  expect(optionsOf(name, value)).toEqual([expected, complaints]);
});

test('of very many entries the first are taken where the order counts, and none where shares count', () => {
  const ids = Array.from({ length: 300 }, (_, n) => `m${n}`);
  const { options, complaints } = readOptions({
    'kilofed.io/prefer': ids.join(','),
    'kilofed.io/weights': ids.map((id) => `${id}=1`).join(','),
  });
  expect(options).toEqual({ prefer: ids.slice(0, 32) });
  expect(complaints.map(({ message }) => message)).toEqual([
    'annotation kilofed.io/prefer has more than 32 entries: those after "m31" are ignored',
    'annotation kilofed.io/weights is ignored, since it names more than 250 members: write for example east=3,north=1',
  ]);
});

test('a value is shown escaped, and not all of it', () => {
  const { complaints } = readOptions({ 'kilofed.io/affinity': `\u001b[2K${'y'.repeat(1_000)}` });
  expect(complaints[0]?.message).toBe(
    `annotation kilofed.io/affinity is "\\u001b[2K${'y'.repeat(59)}…", which is ignored: write local, none or remote, or remove it`,
  );
});
