import { expect, test } from '@jest/globals';
import { createFakeHost } from '../../test/host/fakeHost.js';
import { gatewayPlan, keyOf, type Remote } from '../../test/host/plans.js';
import type { NodePlan } from '../mesh/plan.js';
import { additions } from './additions.js';
import { planChanges } from './planChanges.js';
import { changeText } from './render.js';

const east: Remote = { name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '192.0.2.1:51820' };
const west: Remote = { name: 'west', prefixes: ['10.43.0.0/24'], endpoint: '192.0.2.2:51820' };

function between(held: NodePlan, saved: NodePlan): { readonly all: number; readonly made: readonly string[] } {
  const host = createFakeHost();
  for (const change of planChanges({ desired: held, observed: host.state(), prior: new Map(), publicKey: keyOf('own') })) host.run(change);
  const all = planChanges({ desired: saved, observed: host.state(), prior: new Map(), publicKey: keyOf('own') });
  return { all: all.length, made: additions(all, host.state()).map(changeText) };
}

test.each<[string, Remote[], Remote[]]>([
  ['a segment that the host has and the file does not', [east, west], [east]],
  ['a prefix that it has and the file does not', [{ ...east, prefixes: ['10.42.0.0/24', '10.42.1.0/24'] }], [east]],
  ['another way than the file says', [{ ...east, active: 1 }], [east]],
])('%s stays', (_what, held, saved) => {
  const { all, made } = between(gatewayPlan({ remotes: held }), gatewayPlan({ remotes: saved }));
  expect(all).toBeGreaterThan(0);
  expect(made).toEqual([]);
});

test('what is missing is brought: all of it after a boot, one segment where one is lost', () => {
  const nothing = { ...gatewayPlan({ planes: 0, remotes: [] }), routes: [], nexthops: [], groups: [] };
  const boot = between(nothing, gatewayPlan({ remotes: [east] }));
  expect(boot.made).toHaveLength(boot.all);
  expect(between(gatewayPlan({ remotes: [east] }), gatewayPlan({ remotes: [east, west] })).made.join('\n')).toMatch(
    /wg set kilo0 peer[^]*ip route replace 10\.43\.0\.0\/24/,
  );
});

test('a firewall that the host has stays as it is: it may have been tightened since the inputs were saved', () => {
  const open = gatewayPlan({ remotes: [east] });
  const closed = { ...open, firewall: { ...open.firewall, members: { audit: false, members: [], exported: [], open: [], elsewhere: [] } } };
  expect(between(closed, open).made).toEqual([]);
});
