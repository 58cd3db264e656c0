import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { MeshNode } from '../api/meshNode.js';
import { cluster, type NodeSketch } from '../../test/fakes/mesh.js';
import { segmentName } from './segments.js';
import { assignSlots } from './slots.js';

const at = (name: string, more: Partial<NodeSketch> = {}): NodeSketch => ({
  name,
  location: 'eu',
  internalIP: '172.20.1.11/24',
  podCIDR: '10.42.1.0/24',
  ...more,
});

/** Nodes that have no slot yet but those given. */
function nodes(sketches: readonly NodeSketch[], slots: Readonly<Record<string, number>> = {}): MeshNode[] {
  return cluster(sketches, '10.4.0.0/16').map((node) => {
    const slot = slots[node.metadata.name];
    return { ...node, status: slot === undefined ? {} : { slot } };
  });
}

function assigned(...input: Parameters<typeof nodes>): Record<string, number> {
  return Object.fromEntries(assignSlots(nodes(...input), { granularity: 'location', planes: 2 }));
}

describe('slots', () => {
  test.each<[string, NodeSketch[], Record<string, number>, Record<string, number>]>([
    ['by name, all else equal', [at('c'), at('b'), at('a')], {}, { a: 0, b: 1 }],
    [
      'to the preferred first, then to those with a public endpoint',
      [at('a'), at('b', { endpoint: '203.0.113.2' }), at('c', { gateway: 'preferred' })],
      {},
      { c: 0, b: 1 },
    ],
    ['to holders, whoever is better', [at('a', { gateway: 'preferred' }), at('b'), at('c')], { c: 0, b: 1 }, { c: 0, b: 1 }],
    ['to nobody who does not want', [at('a', { gateway: 'never' }), at('b')], { a: 0 }, { b: 0 }],
    ['to nobody without an endpoint where others have one', [at('a', { endpoint: null }), at('b')], { a: 0 }, { b: 0 }],
    ['to one without an endpoint where nobody has one', [at('a', { endpoint: null })], {}, { a: 0 }],
    ['the free one, not one that is held', [at('a'), at('b'), at('c')], { b: 0 }, { b: 0, a: 1 }],
    ['in the order of names where two hold one', [at('a'), at('b')], { a: 1, b: 1 }, { a: 1, b: 0 }],
    ['only as many as there are planes', [at('a'), at('b')], { a: 5 }, { a: 0, b: 1 }],
    [
      'in each segment from 0',
      [at('a'), at('b', { location: 'us' }), at('c', { internalIP: null, endpoint: '203.0.113.3' })],
      {},
      { a: 0, b: 0, c: 0 },
    ],
  ])('go %s', (_how, sketches, held, expected) => {
    expect(assigned(sketches, held)).toEqual(expected);
  });

  test.each(['full', 'cross'] as const)('with granularity %s every node has slot 0, whatever it wishes and held before', (granularity) => {
    const all = nodes([at('a', { gateway: 'never' }), at('b', { endpoint: null }), at('c', { location: 'us' })], { b: 1 });
    expect(Object.fromEntries(assignSlots(all, { granularity, planes: 2 }))).toEqual({ a: 0, b: 0, c: 0 });
  });

  test('are the same whatever the order, stay when asked again, and are distinct in a segment', () => {
    const sketch = fc.record({
      location: fc.constantFrom('eu', 'us'),
      gateway: fc.constantFrom('auto' as const, 'preferred' as const, 'never' as const),
      endpoint: fc.constantFrom(null, '203.0.113.1', '10.0.0.1'),
    });
    fc.assert(
      fc.property(fc.array(sketch, { maxLength: 8 }), fc.integer({ min: 1, max: 3 }), (sketches, planes) => {
        const before = nodes(sketches.map((each, index) => at(`n${index}`, each)));
        const mesh = { granularity: 'location', planes } as const;
        const slots = assignSlots(before, mesh);
        expect(assignSlots(before.toReversed(), mesh)).toEqual(slots);
        const after = before.map((node): MeshNode => {
          const slot = slots.get(node.metadata.name);
          return { ...node, status: slot === undefined ? {} : { slot } };
        });
        const newcomer = nodes([at('a-better-one', { gateway: 'preferred', endpoint: '203.0.113.9' })]);
        for (const [name, slot] of slots) {
          if (before.some(({ metadata, spec }) => metadata.name === name && spec.endpoints.length > 0))
            expect(assignSlots([...after, ...newcomer], mesh).get(name)).toBe(slot);
        }
        expect(assignSlots(after, mesh)).toEqual(slots);
        const places = before
          .filter(({ metadata }) => slots.has(metadata.name))
          .map((node) => `${segmentName(node, 'location')} ${slots.get(node.metadata.name)}`);
        expect(new Set(places).size).toBe(places.length);
      }),
    );
  });
});

describe("slots beside Kilo's agent", () => {
  const beside = (besideKilo: 'behind' | 'ahead', held: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(
      assignSlots(
        nodes(
          ['a', 'b', 'c'].map((name) => at(name)),
          held,
        ),
        { granularity: 'location', planes: 2, besideKilo },
      ),
    );

  test.each([
    ['behind', {}, { a: 1, b: 0 }],
    ['behind: the best node, whatever came first', { c: 1, b: 0 }, { a: 1, b: 0 }],
    ['ahead: nobody moves', { c: 1, b: 0 }, { c: 1, b: 0 }],
    ['ahead: the slot that carries traffic is filled first', { c: 0 }, { a: 1, c: 0 }],
  ] as const)('%s', (mode, held, expected) => {
    expect(beside(mode.startsWith('behind') ? 'behind' : 'ahead', held)).toEqual(expected);
  });
});
