import { describe, expect, test } from '@jest/globals';
import { clusterFacts } from '../../test/fakes/facts.js';
import type { ClusterFacts } from './facts.js';
import { createOverlaps, findOverlap } from './overlaps.js';

const facts = (pods: string, mesh: string, more: { readonly services?: string; readonly node?: string } = {}): ClusterFacts =>
  clusterFacts([{ name: 'n', pods: [pods], ...(more.node !== undefined && { internal: [more.node] }) }], { mesh: [mesh], services: more.services === undefined ? [] : [more.services] });

const EAST = facts('10.1.0.0/16', '10.4.1.0/24', { services: '10.96.0.0/12', node: '192.168.1.5/24' });

describe('findOverlap', () => {
  test.each([
    ['nothing in common', facts('10.2.0.0/16', '10.4.2.0/24'), undefined],
    ['the same Service range is none', facts('10.2.0.0/16', '10.4.2.0/24', { services: '10.96.0.0/12' }), undefined],
    ['the same pods', facts('10.1.0.0/16', '10.4.2.0/24'), 'pod CIDR 10.1.0.0/16 is used by east and west'],
    ['pods within pods', facts('10.1.7.0/24', '10.4.2.0/24'), 'pod CIDR 10.1.0.0/16 of east overlaps pod CIDR 10.1.7.0/24 of west'],
    ['the same mesh', facts('10.2.0.0/16', '10.4.1.0/24'), 'mesh CIDR 10.4.1.0/24 is used by east and west'],
    ['pods among Services', facts('10.100.0.0/16', '10.4.2.0/24'), 'service CIDR 10.96.0.0/12 of east overlaps pod CIDR 10.100.0.0/16 of west'],
    ['pods over a node', facts('192.168.0.0/16', '10.4.2.0/24'), 'pod CIDR 192.168.0.0/16 of west overlaps node address 192.168.1.5/32 of east'],
  ])('%s', (_name, west, expected) => {
    expect(findOverlap({ id: 'east', facts: EAST }, { id: 'west', facts: west })?.message).toBe(expected);
  });
});

test('every pair is kept up to date, whoever changed', () => {
  const known = new Map<string, ClusterFacts>([['east', EAST], ['west', facts('10.2.0.0/16', '10.4.2.0/24')]]);
  const overlaps = createOverlaps({ ids: () => [...known.keys()].toSorted(), facts: (id) => known.get(id) });
  expect(overlaps.changed('east')).toEqual([]);
  known.set('west', facts('10.1.0.0/16', '10.4.2.0/24'));
  expect(overlaps.changed('west')).toEqual(['east']);
  expect(overlaps.between('east', 'west')).toEqual(overlaps.between('west', 'east'));
  expect([...overlaps.of('east').keys()]).toEqual(['west']);
  expect(overlaps.changed('west')).toEqual([]);
  known.delete('west');
  expect(overlaps.changed('west')).toEqual(['east']);
  expect(overlaps.between('east', 'west')).toBeUndefined();
});
