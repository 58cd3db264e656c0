import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { MeshNode } from '../api/meshNode.js';
import { cluster } from '../../test/fakes/mesh.js';
import { assignMeshAddresses } from './addresses.js';

interface Sketch {
  readonly name: string;
  readonly created?: string;
  readonly has?: readonly string[];
}

function nodes(sketches: readonly Sketch[]): MeshNode[] {
  return sketches.flatMap(({ name, created, has }) =>
    cluster([{ name, podCIDR: '10.42.0.0/24' }], '10.4.0.0/16').map((node) => ({
      ...node,
      metadata: { name, creationTimestamp: created ?? '2026-01-01T00:00:00Z' },
      status: { meshAddresses: [...(has ?? [])] },
    })),
  );
}

describe('mesh addresses', () => {
  test('are kept for life, in whatever order the nodes come', () => {
    const { addresses } = assignMeshAddresses(nodes([{ name: 'new' }, { name: 'old', has: ['10.4.0.7'] }]), ['10.4.0.0/16']);
    expect(addresses.get('old')).toEqual(['10.4.0.7']);
  });

  test('of two nodes with one address, the older keeps it, then the one of lower name', () => {
    const older = assignMeshAddresses(
      nodes([
        { name: 'a', created: '2026-02-01T00:00:00Z', has: ['10.4.0.7'] },
        { name: 'b', has: ['10.4.0.7'] },
      ]),
      ['10.4.0.0/16'],
    );
    expect([older.addresses.get('b'), older.addresses.get('a')?.[0] === '10.4.0.7']).toEqual([['10.4.0.7'], false]);
    const lower = assignMeshAddresses(
      nodes([
        { name: 'b', has: ['10.4.0.7'] },
        { name: 'a', has: ['10.4.0.7'] },
      ]),
      ['10.4.0.0/16'],
    );
    expect(lower.addresses.get('a')).toEqual(['10.4.0.7']);
  });

  test('outside of the range are given up', () => {
    const { addresses } = assignMeshAddresses(nodes([{ name: 'a', has: ['10.5.0.7', 'FD00:0::7'] }]), ['10.4.0.0/16', 'fd00::/64']);
    expect(addresses.get('a')).toEqual([expect.stringMatching(/^10\.4\./), 'fd00::7']);
  });

  test("a newcomer takes nobody's, even one that its name hashes to", () => {
    const [preferred] = assignMeshAddresses(nodes([{ name: 'new' }]), ['10.4.0.0/16']).addresses.get('new') ?? [];
    const { addresses } = assignMeshAddresses(
      nodes([
        { name: 'new', created: '2020-01-01T00:00:00Z' },
        { name: 'old', created: '2026-01-01T00:00:00Z', has: [preferred ?? ''] },
      ]),
      ['10.4.0.0/16'],
    );
    expect(addresses.get('old')).toEqual([preferred]);
    expect(addresses.get('new')).not.toEqual([preferred]);
  });

  test('run out, which is reported, and those who have one keep it', () => {
    const { addresses, exhausted } = assignMeshAddresses(nodes([{ name: 'a', has: ['10.4.0.1'] }, { name: 'b' }, { name: 'c' }]), [
      '10.4.0.0/30',
    ]);
    expect([addresses.get('a'), addresses.get('b'), addresses.get('c'), exhausted]).toEqual([['10.4.0.1'], ['10.4.0.2'], [], ['c']]);
  });

  test('are distinct, in range, the same for any order, and the same when asked again', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.record({
            name: fc.stringMatching(/^[a-z]{1,6}$/),
            has: fc.array(fc.constantFrom('10.4.0.1', '10.4.0.2', '10.9.0.1'), { maxLength: 2 }),
          }),
          { selector: ({ name }) => name, maxLength: 12 },
        ),
        (sketches) => {
          const first = assignMeshAddresses(nodes(sketches), ['10.4.0.0/24']).addresses;
          const all = [...first.values()].flat();
          expect(new Set(all).size).toBe(all.length);
          expect(all.every((address) => address.startsWith('10.4.0.'))).toBe(true);
          expect(assignMeshAddresses(nodes(sketches.toReversed()), ['10.4.0.0/24']).addresses).toEqual(first);
          expect(
            assignMeshAddresses(nodes(sketches.map(({ name }) => ({ name, has: first.get(name) ?? [] }))), ['10.4.0.0/24']).addresses,
          ).toEqual(first);
        },
      ),
    );
  });
});
