import { expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { NodePlan, NexthopGroup, ProbePath } from '../mesh/plan.js';
import { choicesOf, failoverConfig, steer } from './config.js';

const candidates = [{ slot: 0, nexthop: 10, name: 'plane/0' }, { slot: 1, nexthop: 11, name: 'plane/1' }];
const group = (id: number, segment: string, active: readonly number[] = [10]): NexthopGroup => ({ id, name: `group/${segment}/${id}`, segment, candidates, active });
const target = { name: 'f', publicKey: 'key', address: '10.4.0.2' };

function plan(size: { readonly gateway?: boolean; readonly kin?: number; readonly paths?: number } = {}): NodePlan {
  const paths = Array.from({ length: size.paths ?? 1 }, (_, index): ProbePath => ({ name: `near/${index}`, kind: 'near', slot: 0, from: 1, targets: [target] }));
  return {
    ...emptyPlan('a'),
    role: size.gateway === true ? { kind: 'gateway', slot: 0 } : { kind: 'member' },
    groups: [group(1, 'west'), group(2, 'west'), { ...group(3, 'north'), candidates: candidates.slice(1), active: [11] }],
    probing: { rules: [], paths, kin: Array.from({ length: size.kin ?? 1 }, () => target) },
  };
}

test('the groups of both families are one choice', () => {
  const { segments } = failoverConfig(plan(), undefined);
  expect([...segments].map(([name, { ways }]) => [name, ways.map((way) => way.name).join()])).toEqual([['west', 'plane/0,plane/1'], ['north', 'plane/1']]);
});

test('choices are put into every group of the segment; what a group does not have changes nothing', () => {
  const steered = steer(plan(), new Map([['west', ['plane/1']], ['north', ['plane/0']]]));
  expect(steered.groups.map(({ id, active }) => [id, active.join()])).toEqual([[1, '11'], [2, '11'], [3, '11']]);
});

test('choices are read back from what a host has', () => {
  expect([...choicesOf(plan(), new Map([[1, [11]], [3, [99]]]))]).toEqual([['west', ['plane/1']]]);
});

test.each([
  // nodes beside this one, gateway, paths; near interval, idle interval
  [49, false, 4, 100, 1000],
  [200, false, 4, 400, 1000],
  [200, true, 4, 100, 1000],
  [1, true, 200, 100, 4000],
  [1, true, 5000, 100, 20_000],
])('%d other nodes, gateway %s, %d paths: near every %d ms, idle every %d', (kin, gateway, paths, ...[near, idle]) => {
  const { settings } = failoverConfig(plan({ kin, gateway, paths }), undefined);
  expect([settings.near.intervalMs, settings.idleMs, settings.around.intervalMs]).toEqual([near, idle, idle]);
});

test('paces of the Mesh count', () => {
  const { settings } = failoverConfig(plan(), { near: { intervalMilliseconds: 50 }, tunnel: { misses: 9 }, returnSeconds: 60 });
  expect([settings.near, settings.tunnel, settings.returnMs]).toEqual([{ intervalMs: 50, misses: 3 }, { intervalMs: 200, misses: 9 }, 60_000]);
});
