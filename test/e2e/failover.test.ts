/**
 * What fails, drains, restarts and returns, and what it costs the flows of pods: the rows of `make bench ONLY=failover`, a few
 * times each, with room for a busy machine in what is asked of them.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { failuresIn, NO_FAILURES } from '../scenarios/failures.js';
import { startWorld, type World } from '../scenarios/world.js';

let world: World;

beforeAll(async () => {
  world = await startWorld('/tmp/kilofed-e2e-failover');
}, 120_000);

afterAll(async () => {
  await world.stop();
}, 30_000);

/** Row, rounds, and what a silence may last in milliseconds; planned events lose nothing, whatever the machine does meanwhile. */
test.each<[string, number, number]>([
  ['gateway dies silently', 2, 2_000],
  ['gateway dies silently, hub and API servers stopped', 2, 2_000],
  ['gateway does not forward', 2, 4_000],
  ['gateway cut off from its LAN', 1, 4_000],
  ['gateway cut off from the WAN', 1, 4_000],
  ['gateway dies silently, one of two nodes', 1, 2_000],
  ['gateway does not forward, one of two nodes', 2, 4_000],
  ['gateway cut off from the WAN, one of two nodes', 1, 4_000],
  ['nothing happens, two cores busy', 1, 2_000],
  ['drain by annotation, then power off', 1, 1_000],
  ['drain by cordon, then power off', 1, 1_000],
  ['drain by SIGTERM, then power off', 2, 1_000],
  ['agent restart', 1, 1_000],
  ['agent killed', 1, 1_000],
  ['agent upgrade', 1, 1_000],
  ['another peer gets a new key', 1, 1_000],
  ['the preferred gateway takes over again', 1, 1_000],
  ['rolling restart of every agent', 1, 1_000],
  ['rolling upgrade of every agent', 1, 1_000],
  ['a new node, and it leaves again', 1, 4_000],
  ['a new location, and it leaves again', 1, 4_000],
  ['a flow that was already trying', 1, 1_500],
  ['TCP across a crash', 1, 8_000],
  ['a laptop without keepalive, and a peer whose name stops resolving', 1, 1_000],
  ['a link fails every 3 s', 1, 2_000],
  ['the WAN loses 2 %', 1, 1_000],
])(
  '%s',
  async (name, rounds, ms) => {
    expect(await failuresIn(world, name, { rounds, ms })).toEqual(NO_FAILURES);
  },
  120_000,
);
