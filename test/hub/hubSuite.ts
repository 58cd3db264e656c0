/**
 * What a hub does to real API servers, whichever queue it works from. The tests build on one another, in order.
 */
import { lifecycleTests } from './lifecycleSuite.js';
import { peerTests } from './peerSuite.js';
import { serviceTests } from './serviceSuite.js';
import { createHubUnderTest, type HubWorld } from './world.js';

/** Declares the tests. `world` is there while they run. */
export function hubTests(world: () => HubWorld): void {
  const hub = createHubUnderTest(world);
  peerTests(world, hub);
  serviceTests(world, hub);
  lifecycleTests(world, hub);
}
