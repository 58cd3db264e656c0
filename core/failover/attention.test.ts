import { describe, expect, test } from '@jest/globals';
import type { ProbePath } from '../mesh/plan.js';
import { attentionOf, eagernessOf, type Occasion } from './attention.js';
import type { SegmentWays } from './config.js';
import type { Eagerness, PathState } from './path.js';

const WAYS: SegmentWays['ways'] = [{ name: 'plane/0', kind: 'plane', slot: 0 }, { name: 'plane/1', kind: 'plane', slot: 1 }, { name: 'node/sib', kind: 'node', slot: 1 }];

describe('attention', () => {
  interface Row { readonly ways?: SegmentWays['ways']; readonly chosen: readonly string[]; readonly silent?: readonly string[]; readonly used: readonly string[]; readonly instead?: readonly string[] }
  test.each<[string, Row]>([
    ['goes to what is in use', { chosen: ['plane/0'], used: ['tunnel/0/far'] }],
    ['and to what may be used instead of what is silent', { chosen: ['plane/0'], silent: ['tunnel/0/far'], used: ['tunnel/0/far'], instead: ['tunnel/1/far', 'near/sib'] }],
    ['not where there is no choice', { ways: WAYS.slice(0, 1), chosen: ['plane/0'], silent: ['tunnel/0/far'], used: [] }],
    ['to all that are in use at once', { chosen: ['plane/0', 'plane/1'], silent: ['tunnel/1/far'], used: ['tunnel/0/far', 'tunnel/1/far'], instead: ['near/sib'] }],
    ['to nothing before there is a choice', { chosen: [], silent: ['tunnel/0/far'], used: [] }],
  ])('%s', (_what, { ways = WAYS, chosen, silent = [], used, instead = [] }) => {
    const found = attentionOf(new Map([['far', { ways, spread: false }]]), new Map([['far', chosen]]), (path) => silent.includes(path));
    expect([[...found.used], [...found.instead]]).toEqual([used, instead]);
  });
});

describe('eagerness', () => {
  const path = (kind: ProbePath['kind']): ProbePath => ({ name: kind, kind, slot: 0, segment: 'far', from: 1, targets: [] });
  test.each<[string, ProbePath['kind'], Partial<Occasion> & { readonly tunnel?: PathState }, Eagerness]>([
    ['near, of a gateway: it tells of the LAN', 'near', { isGateway: true }, 'busy'],
    ['near, of another node, in use', 'near', { used: new Set(['near']) }, 'busy'],
    ['near, of another node, not in use', 'near', {}, 'idle'],
    ['through', 'through', {}, 'busy'],
    ['tunnel, in use by others', 'tunnel', { used: new Set(['tunnel']), isTransit: true }, 'busy'],
    ['tunnel, in use by the gateway itself', 'tunnel', { used: new Set(['tunnel']) }, 'own'],
    ['tunnel, beside one that is silent', 'tunnel', { instead: new Set(['tunnel']) }, 'busy'],
    ['tunnel, not in use', 'tunnel', { isTransit: true }, 'idle'],
    ['around a tunnel that works', 'around', { tunnel: 'up' }, 'idle'],
    ['around a tunnel that fails', 'around', { tunnel: 'down' }, 'busy'],
  ])('%s', (_what, kind, { tunnel, ...given }, eagerness) => {
    const occasion: Occasion = { used: new Set(), instead: new Set(), isGateway: false, isTransit: false, stateOf: (name) => (name === 'tunnel/0/far' ? tunnel : undefined), ...given };
    expect(eagernessOf(path(kind), occasion)).toBe(eagerness);
  });
});
