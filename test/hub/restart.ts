/**
 * A hub that starts again where nothing has changed.
 */
import { expect } from '@jest/globals';
import type { FakeFederation } from './fakeFederation.js';

/** It is watched for `ms`. */
export async function restartWritesNothing(world: FakeFederation, ms = 20_000): Promise<void> {
  await world.end();
  const before = world.clusters().map(({ writes }) => writes.length);
  world.start();
  await world.clock.advance(ms);
  expect(world.clusters().map(({ writes }) => writes.length)).toEqual(before);
}
