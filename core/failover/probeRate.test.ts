import { describe, expect, test } from '@jest/globals';
import { type PathName, pathName, type ProbePath, type ProbePathId } from '../mesh/probing.js';
import type { SegmentPath } from './config.js';
import { pathUse, probeRate, type RateInput } from './probeRate.js';
import type { PathState, ProbeRate } from './probedPath.js';

const PATHS: readonly SegmentPath[] = [
  { name: 'plane/0', kind: 'plane', slot: 0, probe: 'tunnel/0/far' },
  { name: 'plane/1', kind: 'plane', slot: 1, probe: 'tunnel/1/far' },
  { name: 'node/sib', kind: 'node', node: 'sib', probe: 'lan/sib' },
];

describe('the use of paths', () => {
  interface Row {
    readonly paths?: readonly SegmentPath[];
    readonly chosen: readonly string[];
    readonly silent?: readonly PathName[];
    readonly inUse: readonly PathName[];
    readonly substitutes?: readonly PathName[];
  }
  test.each<[string, Row]>([
    ['is of what is chosen', { chosen: ['plane/0'], inUse: ['tunnel/0/far'] }],
    [
      'and has substitutes where that is silent',
      { chosen: ['plane/0'], silent: ['tunnel/0/far'], inUse: ['tunnel/0/far'], substitutes: ['tunnel/1/far', 'lan/sib'] },
    ],
    ['is not where there is no choice', { paths: PATHS.slice(0, 1), chosen: ['plane/0'], silent: ['tunnel/0/far'], inUse: [] }],
    [
      'is of all that are chosen at once',
      { chosen: ['plane/0', 'plane/1'], silent: ['tunnel/1/far'], inUse: ['tunnel/0/far', 'tunnel/1/far'], substitutes: ['lan/sib'] },
    ],
    ['is of nothing before there is a choice', { chosen: [], silent: ['tunnel/0/far'], inUse: [] }],
  ])('%s', (_what, { paths = PATHS, chosen, silent = [], inUse, substitutes = [] }) => {
    const found = pathUse(new Map([['far', { paths, spread: false }]]), new Map([['far', chosen]]), (path) => silent.includes(path));
    expect([[...found.inUse], [...found.substitutes]]).toEqual([inUse, substitutes]);
  });
});

describe('the probe rate', () => {
  const IDS: Readonly<Record<ProbePath['kind'], ProbePathId>> = {
    lan: { kind: 'lan', node: 'sib' },
    relay: { kind: 'relay', node: 'sib' },
    tunnel: { kind: 'tunnel', slot: 0, segment: 'far' },
    alternate: { kind: 'alternate', slot: 0, segment: 'far' },
  };
  const LAN = new Set<PathName>(['lan/sib']);
  const TUNNEL = new Set<PathName>(['tunnel/0/far']);
  test.each<[string, ProbePath['kind'], Partial<RateInput> & { readonly tunnel?: PathState }, ProbeRate]>([
    ['lan, of a gateway: it shows the state of the LAN', 'lan', { isGateway: true }, 'busy'],
    ['lan, of another node, in use', 'lan', { inUse: LAN }, 'busy'],
    ['lan, of another node, not in use', 'lan', {}, 'idle'],
    ['relay', 'relay', {}, 'busy'],
    ['tunnel, in use by others', 'tunnel', { inUse: TUNNEL, isTransit: true }, 'busy'],
    ['tunnel, in use by the gateway itself', 'tunnel', { inUse: TUNNEL }, 'own'],
    ['tunnel, a substitute for one that is silent', 'tunnel', { substitutes: TUNNEL }, 'busy'],
    ['tunnel, not in use', 'tunnel', { isTransit: true }, 'idle'],
    ['alternate of a tunnel that works', 'alternate', { tunnel: 'up' }, 'idle'],
    ['alternate of a tunnel that fails', 'alternate', { tunnel: 'down' }, 'busy'],
  ])('%s', (_what, kind, { tunnel, ...given }, rate) => {
    const input: RateInput = {
      inUse: new Set(),
      substitutes: new Set(),
      isGateway: false,
      isTransit: false,
      stateOf: (name) => (name === 'tunnel/0/far' ? tunnel : undefined),
      ...given,
    };
    const id = IDS[kind];
    expect(probeRate({ ...id, slot: 0, name: pathName(id), from: 1, targets: [] }, input)).toBe(rate);
  });
});
