/**
 * In the whole hub: a member whose network plugin gives pods other addresses than their Nodes say.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';
import { restartWritesNothing } from './restart.js';

interface Written extends KubeObject {
  readonly spec?: { readonly allowedIPs?: readonly string[] };
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
}

let world: FakeFederation;

const objects = (kind: string): Written[] =>
  ([...world.cluster('west').objects.values()] as Written[]).filter(
    ({ kind: each, metadata }) => each === kind && metadata.labels?.['kilofed.io/cluster'] === 'east',
  );
/** East's pods, as west routes them and as it sends to them. */
const known = (): unknown => ({
  routed: objects('Peer').flatMap(({ spec }) => (spec?.allowedIPs ?? []).filter((each) => !each.endsWith('/32'))),
  endpoints: objects('EndpointSlice').flatMap(({ endpoints = [] }) => endpoints.flatMap(({ addresses }) => addresses)),
});
const settled = (): Promise<void> => world.clock.advance(3_000);

/** East has one node, whose Node says 10.1.0.0/24. Undefined: its plugin says nothing. */
async function assign(cidrs: readonly string[] | undefined): Promise<void> {
  const before = world.cluster('east').objects.get('meshnodes/n1') as KubeObject & { spec: object; status: object };
  const verified = { location: '', podCIDRs: ['10.1.0.0/24'], internalIPs: [], endpoints: [] };
  world.cluster('east').put({
    ...before,
    status: { ...before.status, verified, ...(cidrs === undefined ? {} : { assignedPods: { by: 'calico', cidrs: [...cidrs] } }) },
  });
  await settled();
}

beforeEach(async () => {
  world = createFakeFederation(['east', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5', '10.211.1.5', '10.211.7.70'] });
  world.start();
  await settled();
});

afterEach(() => world.end());

test('endpoints in its ranges are mirrored, and routed; a further block adds to both, one that goes takes its own along', async () => {
  expect(known()).toEqual({ routed: ['10.1.0.0/24'], endpoints: ['10.1.0.5'] });
  await assign(['10.211.1.0/26']);
  expect(known()).toEqual({ routed: ['10.211.1.0/26'], endpoints: ['10.211.1.5'] });
  await assign(['10.211.1.0/26', '10.211.7.64/26']);
  expect(known()).toEqual({ routed: ['10.211.1.0/26', '10.211.7.64/26'], endpoints: ['10.211.1.5', '10.211.7.70'] });
  await restartWritesNothing(world);
  await assign(['10.211.7.64/26']);
  expect(known()).toEqual({ routed: ['10.211.7.64/26'], endpoints: ['10.211.7.70'] });
});

test("C1: ranges of the Internet and of the target are nobody's, whoever is said to have given them", async () => {
  await assign(['8.8.8.0/24', '10.77.2.64/28', '10.211.1.0/26']);
  expect(known()).toEqual({ routed: ['10.211.1.0/26'], endpoints: ['10.211.1.5'] });
  expect(
    world
      .hub()
      .status()
      .problems.map(({ reason }) => reason),
  ).toEqual(expect.arrayContaining(['NotAllowed', 'LocalNetwork']));
});
