import { describe, expect, test } from '@jest/globals';
import type { AssignedPods } from '../../core/api/meshNode.js';
import type { CalicoBlock } from '../../core/ipam/calicoBlock.js';
import { assignPods } from './assignPods.js';

type Input = Parameters<typeof assignPods>[0];

const NODES = [
  { name: 'a', podCIDRs: ['10.244.0.0/24'], internalCIDRs: ['172.20.1.11/32'] },
  { name: 'b', podCIDRs: ['10.244.1.0/24'], internalCIDRs: ['172.20.1.12/32'] },
  { name: 'c', podCIDRs: [], internalCIDRs: ['172.20.1.13/32'] },
];

const block = (cidr: string, node?: string, borrowed: CalicoBlock['borrowed'] = {}): CalicoBlock => ({
  cidr,
  ...(node === undefined ? {} : { node }),
  borrowed,
});

/** By node: `calico 10.0.0.0/26`, `NoPodCIDR`, or both. */
function assign(more: Partial<Input>): Readonly<Record<string, string>> {
  const found = assignPods({
    mesh: { encapsulationType: 'vxlan' },
    nodes: NODES,
    calico: [],
    cilium: new Map(),
    before: new Map(),
    ...more,
  });
  return Object.fromEntries(
    [...found].map(([name, { assigned, problem }]) => [
      name,
      [
        ...(assigned === undefined ? [] : [[assigned.by, ...assigned.cidrs].join(' ')]),
        ...(problem === undefined ? [] : [problem.reason]),
      ].join('; '),
    ]),
  );
}

const BLOCKS = [block('10.244.1.0/26', 'a'), block('10.244.9.64/26', 'a'), block('10.244.0.0/26', 'b', { a: ['10.244.0.7/32'] })];

describe('Calico', () => {
  test('a node has its blocks, which may lie in what another Node says, and what it borrows; one without pods has none', () => {
    expect(assign({ calico: BLOCKS })).toEqual({
      a: 'calico 10.244.0.7/32 10.244.1.0/26 10.244.9.64/26',
      b: 'calico 10.244.0.0/26',
      c: 'calico',
    });
  });

  test('blocks of nodes that are gone count for nobody', () => {
    expect(assign({ calico: [block('10.244.1.0/26', 'gone', { lost: ['10.244.1.7/32'] })] })).toEqual({});
  });

  test('where it takes what Nodes say, nothing is assigned', () => {
    expect(assign({ calico: [block('10.244.0.0/24', 'a'), block('10.244.1.0/24', 'b')] })).toEqual({ c: 'calico' });
  });
});

describe('Cilium', () => {
  const cilium = new Map([
    ['a', ['10.0.1.0/24', 'fd00::100/120']],
    ['b', ['10.244.1.0/24']],
  ]);

  test('a node has what its CiliumNode says, and one that has none is told', () => {
    expect(assign({ cilium })).toEqual({ a: 'cilium 10.0.1.0/24 fd00::100/120', c: 'cilium; NoPodCIDR' });
  });

  test('CiliumNodes that say nothing leave it to the Nodes', () => {
    expect(assign({ cilium: new Map([['a', []]]) })).toEqual({});
  });

  test('single addresses are taken as they are, joined where they are too many, and left out where they still are', () => {
    const addresses = (count: number, step: number): string[] => Array.from({ length: count }, (_, index) => `10.0.7.${index * step}/32`);
    const given = (list: readonly string[]): AssignedPods | undefined =>
      assignPods({
        mesh: { encapsulationType: 'vxlan' },
        nodes: NODES.slice(0, 1),
        calico: [],
        cilium: new Map([['a', list]]),
        before: new Map(),
      }).get('a')?.assigned;
    expect(given(addresses(64, 1))?.cidrs).toHaveLength(64);
    expect(given(addresses(128, 1))?.cidrs).toEqual(['10.0.7.0/25']);
    expect(given(addresses(65, 2))?.cidrs).toHaveLength(64);
    expect(
      assign({
        cilium: new Map([
          ['a', addresses(65, 2)],
          ['b', ['10.244.1.0/24']],
        ]),
      })['a'],
    ).toMatch(/; TooManyPodRanges$/);
  });
});

describe('who says it', () => {
  const both = { calico: BLOCKS, cilium: new Map([['a', ['10.0.1.0/24']]]) };

  test.each<[string, Partial<Input>, Readonly<Record<string, string>>]>([
    ['two plugins: the Nodes, and a problem', {}, { a: 'PodRangesUnclear', b: 'PodRangesUnclear', c: 'PodRangesUnclear' }],
    ['the Mesh names the Nodes', { mesh: { encapsulationType: 'vxlan', podCIDRsFrom: 'node' } }, {}],
    [
      'the Mesh names one of them',
      { mesh: { encapsulationType: 'vxlan', podCIDRsFrom: 'cilium' } },
      { a: 'cilium 10.0.1.0/24', b: 'cilium; NoPodCIDR', c: 'cilium; NoPodCIDR' },
    ],
    [
      'the encapsulation is for Cilium',
      { mesh: { encapsulationType: 'cilium' } },
      { a: 'cilium 10.0.1.0/24', b: 'cilium; NoPodCIDR', c: 'cilium; NoPodCIDR' },
    ],
    ['the encapsulation is for flannel, which takes what Nodes say', { mesh: { encapsulationType: 'flannel' } }, {}],
    ['the mesh is the plugin', { mesh: { encapsulationType: 'vxlan', cni: { enabled: true, others: 'keep' } } }, {}],
  ])('%s', (_, more, expected) => {
    expect(assign({ ...both, ...more })).toEqual(expected);
  });

  test('an annotation wins, for its node alone, and one that does not parse is told', () => {
    const [a, b, c] = NODES as [(typeof NODES)[0], (typeof NODES)[0], (typeof NODES)[0]];
    const nodes = [
      { ...a, saidPodCIDRs: '10.77.0.0/26, fd77::/64' },
      { ...b, saidPodCIDRs: '10.77.0.64' },
      { ...c, saidPodCIDRs: 'ten' },
    ];
    expect(assign({ nodes })).toEqual({ a: 'annotation 10.77.0.0/26 fd77::/64', b: 'annotation 10.77.0.64/32', c: 'BadPodCIDRs' });
    expect(assign({ nodes, calico: BLOCKS })['c']).toBe('calico; BadPodCIDRs');
    expect(assign({ nodes: [{ ...a, saidPodCIDRs: '' }] })).toEqual({ a: 'BadPodCIDRs' });
    expect(assign({ nodes: [{ ...a, saidPodCIDRs: '10.244.0.0/24' }] })).toEqual({});
  });
});

describe('what no node may have', () => {
  test.each([
    ['0.0.0.0/0', 'special'],
    ['8.0.0.0/7', 'wide'],
    ['169.254.0.0/17', 'special'],
    ['::/0', 'special'],
    ['172.20.0.0/16', 'the address of a node'],
    ['172.20.1.12/32', 'the address of a node'],
  ])('%s: %s', (range) => {
    expect(
      assign({
        cilium: new Map([
          ['a', [range, '10.0.1.0/24']],
          ['b', ['10.0.2.0/24']],
          ['c', ['10.0.3.0/24']],
        ]),
      }),
    ).toEqual({
      a: 'cilium 10.0.1.0/24; PodRangeRefused',
      b: 'cilium 10.0.2.0/24',
      c: 'cilium 10.0.3.0/24',
    });
  });

  test('more than all members together take: nodes keep theirs in the order of names', () => {
    const names = Array.from({ length: 70 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    const nodes = names.toReversed().map((name) => ({ name, podCIDRs: [], internalCIDRs: [] }));
    const cilium = new Map(
      names.map((name, node) => [name, Array.from({ length: 64 }, (_, index) => `10.${node}.${index}.0/26`)] as const),
    );
    const found = assign({ nodes, cilium });
    expect(found['n63']?.split(' ')).toHaveLength(65);
    expect(found['n64']).toBe('cilium; TooManyPodRanges');
  });
});

test('what cannot be read stays as it was assigned', () => {
  const before = new Map<string, AssignedPods>([
    ['a', { by: 'calico', cidrs: ['10.244.1.0/26'] }],
    ['c', { by: 'calico', cidrs: [] }],
  ]);
  expect(assign({ calico: undefined, before })).toEqual({ a: 'calico 10.244.1.0/26', b: 'calico', c: 'calico' });
  expect(assign({ calico: undefined, cilium: undefined })).toEqual({});
  // It was read, and there are none any more.
  expect(assign({ before })).toEqual({});
});
