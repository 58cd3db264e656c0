import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFakeHost, type FakeHost } from '../../test/host/fakeHost.js';
import { gatewayPlan, keyOf, type Remote } from '../../test/host/plans.js';
import type { NodePlan } from '../mesh/plan.js';
import type { Change } from './change.js';
import { emptyPlan } from './emptyPlan.js';
import { planChanges } from './planChanges.js';
import { stagesOf, type Stage } from './stages.js';

const east: Remote = { name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '192.0.2.1:51820' };
const west: Remote = { name: 'west', prefixes: ['10.43.0.0/24'], endpoint: '192.0.2.2:51820' };
const CLAMP = { clampInterfaces: ['kilo0'] };

function changesTo(host: FakeHost, desired: NodePlan): readonly Change[] {
  return planChanges({ desired, observed: host.state(), prior: new Map(), publicKey: keyOf('own') });
}

function hostWith(plan: NodePlan): FakeHost {
  const host = createFakeHost();
  for (const change of changesTo(host, plan)) expect(host.run(change)).toBeUndefined();
  return host;
}

/** Each track as the kinds of its changes. */
function kindsOf(stages: readonly Stage[]): readonly (readonly string[])[] {
  return stages.map((stage) => stage.map((track) => track.map(({ kind }) => kind).join(' ')));
}

function stagesTo(host: FakeHost, desired: NodePlan): readonly (readonly string[])[] {
  return kindsOf(stagesOf(changesTo(host, desired), host.state()));
}

describe('stagesOf', () => {
  test('a host without anything of ours: devices at the same time, then peers and routing; before all of it the packet filter', () => {
    const device = 'wireguard.add wireguard.configure link.set';
    expect(stagesTo(createFakeHost(), gatewayPlan({ remotes: [east] }))).toEqual([
      ['firewall.set'],
      [device, device],
      ['peer.set', 'peer.set', 'address.add address.add address.add nexthop.set nexthop.set group.set route.set route.set'],
      ['conntrack.forget'],
    ]);
  });

  test('a host in use: peers of the interfaces at the same time, before everything that leads to them', () => {
    expect(stagesTo(hostWith(gatewayPlan({ remotes: [east] })), gatewayPlan({ remotes: [east, west] }))).toEqual([
      ['peer.set', 'peer.set'],
      ['group.set route.set route.set conntrack.forget'],
    ]);
    expect(stagesTo(hostWith(gatewayPlan({ remotes: [east, west] })), gatewayPlan({ remotes: [east] }))).toEqual([
      ['route.delete route.delete group.delete'],
      ['peer.delete', 'peer.delete'],
    ]);
  });

  test.each<[string, NodePlan]>([
    [
      'routes but no device, as a node that becomes a gateway',
      {
        ...emptyPlan('a'),
        nexthops: [{ id: 1_073_741_924, name: 'node/b', dev: 'underlay', via: '10.0.0.3', family: 'inet' }],
        routes: [{ dst: '10.42.7.0/24', table: 254, metric: 107, to: { kind: 'nexthop', id: 1_073_741_924 } }],
      },
    ],
    ['a device but no routes, as one that is taken over from Kilo', { ...gatewayPlan({ planes: 1, remotes: [] }), firewall: CLAMP }],
  ])('a host with %s is in use', (_what, held) => {
    const stages = stagesTo(hostWith(held), gatewayPlan({ remotes: [east] }));
    expect(stages.filter((stage) => stage.length > 1)).toEqual([['peer.set', 'peer.set']]);
    const order = stages.flat().join(' ');
    expect(order).toMatch(/firewall\.set[^]*peer\.set[^]*route\.set/);
  });

  test('in whatever order the tracks of a stage proceed, every step works and the host is the same', () => {
    const plans = [
      gatewayPlan({ remotes: [east] }),
      gatewayPlan({ remotes: [east, { ...west, active: 1 }] }),
      { ...gatewayPlan({ remotes: [{ ...east, generation: 1 }] }), firewall: CLAMP },
    ];
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(2), { minLength: 2, maxLength: 3 }), fc.infiniteStream(fc.nat(9)), (order, picks) => {
        const host = createFakeHost();
        for (const plan of order.map((index) => plans[index] ?? emptyPlan('a'))) {
          for (const stage of stagesOf(changesTo(host, plan), host.state())) {
            const left = stage.map((track) => [...track]);
            while (left.some((track) => track.length > 0)) {
              const open = left.filter((track) => track.length > 0);
              const change = open[(picks.next().value ?? 0) % open.length]?.shift();
              expect(change === undefined ? 'no change' : host.run(change)).toBeUndefined();
            }
          }
          expect(changesTo(host, plan)).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
