import { describe, expect, test } from '@jest/globals';
import { clusterFacts } from '../../test/fakes/facts.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import { createOverlaps } from './overlaps.js';

/** Several ranges with commas between. */
const facts = (pods: string, mesh: string, more: { readonly services?: string; readonly node?: string } = {}): ClusterFacts =>
  clusterFacts([{ name: 'n', pods: pods.split(','), ...(more.node !== undefined && { internal: more.node.split(',') }) }], {
    mesh: mesh.split(','),
    services: more.services?.split(',') ?? [],
  });

/** What is found whichever of the two changed last. */
function found(east: ClusterFacts, west: ClusterFacts): string | undefined {
  const messages = ['east', 'west'].map((last) => {
    const overlaps = createOverlaps({ ids: () => ['east', 'west'], facts: (id) => (id === 'east' ? east : west) });
    overlaps.changed(last);
    return overlaps.between('east', 'west')?.message;
  });
  expect(messages[0]).toBe(messages[1]);
  return messages[0];
}

const EAST = facts('10.1.0.0/16', '10.4.1.0/24', { services: '10.96.0.0/12', node: '192.168.1.5/24' });

describe('an overlap', () => {
  test.each([
    ['nothing in common', facts('10.2.0.0/16', '10.4.2.0/24'), undefined],
    ['the same Service range is none', facts('10.2.0.0/16', '10.4.2.0/24', { services: '10.96.0.0/12' }), undefined],
    ['the same pods', facts('10.1.0.0/16', '10.4.2.0/24'), 'pod CIDR 10.1.0.0/16 is used by east and west'],
    ['pods within pods', facts('10.1.7.0/24', '10.4.2.0/24'), 'pod CIDR 10.1.0.0/16 of east overlaps pod CIDR 10.1.7.0/24 of west'],
    ['the same mesh', facts('10.2.0.0/16', '10.4.1.0/24'), 'mesh CIDR 10.4.1.0/24 is used by east and west'],
    [
      'pods among Services',
      facts('10.100.0.0/16', '10.4.2.0/24'),
      'service CIDR 10.96.0.0/12 of east overlaps pod CIDR 10.100.0.0/16 of west',
    ],
    [
      'pods over a node',
      facts('192.168.0.0/16', '10.4.2.0/24'),
      'pod CIDR 192.168.0.0/16 of west overlaps node address 192.168.1.5/32 of east',
    ],
  ])('%s', (_name, west, expected) => {
    expect(found(EAST, west)).toBe(expected);
  });
});

describe('an overlap in two families', () => {
  const BOTH = facts('10.1.0.0/16,fd00:1::/56', '10.4.1.0/24,fd04:1::/64', {
    services: '10.96.0.0/12,fd96::/108',
    node: '192.168.1.5/24,fd20::5/64',
  });

  test.each([
    ['nothing in common', facts('10.2.0.0/16,fd00:2::/56', '10.4.2.0/24,fd04:2::/64'), undefined],
    ['one of IPv6 alone', facts('fd00:2::/56', 'fd04:2::/64'), undefined],
    ['the same Service range of IPv6 is none', facts('fd00:2::/56', 'fd04:2::/64', { services: 'fd96::/108' }), undefined],
    ['the same pods', facts('fd00:1::/56', 'fd04:2::/64'), 'pod CIDR fd00:1::/56 is used by east and west'],
    [
      'in the second family alone',
      facts('10.2.0.0/16,fd00:1:0:7::/64', '10.4.2.0/24'),
      'pod CIDR fd00:1::/56 of east overlaps pod CIDR fd00:1:0:7::/64 of west',
    ],
    ['the same mesh', facts('fd00:2::/56', 'fd04:1::/64'), 'mesh CIDR fd04:1::/64 is used by east and west'],
    ['pods among Services', facts('fd96::/112', 'fd04:2::/64'), 'service CIDR fd96::/108 of east overlaps pod CIDR fd96::/112 of west'],
    ['pods over a node', facts('fd20::/64', 'fd04:2::/64'), 'pod CIDR fd20::/64 of west overlaps node address fd20::5/128 of east'],
  ])('%s', (_name, west, expected) => {
    expect(found(BOTH, west)).toBe(expected);
  });
});

test('every pair is kept up to date, whoever changed', () => {
  const known = new Map<string, ClusterFacts>([
    ['east', EAST],
    ['west', facts('10.2.0.0/16', '10.4.2.0/24')],
  ]);
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
