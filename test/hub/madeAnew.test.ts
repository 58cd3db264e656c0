/**
 * A hub that is made anew, member by member, in any order and at any pace, while members come and go: nothing is deleted, and in the end
 * everything is as it was.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

const IDS = ['east', 'north', 'west'] as const;
type Id = (typeof IDS)[number];

type Step =
  /** A new hub, which knows these. */
  | { readonly kind: 'anew'; readonly declared: readonly Id[] }
  /** Its members are these now, for less than a minute. */
  | { readonly kind: 'declare'; readonly declared: readonly Id[] }
  | { readonly kind: 'away' | 'back'; readonly id: Id }
  | { readonly kind: 'wait'; readonly ms: number };

const some = fc.subarray([...IDS]);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('anew' as const), declared: some }),
    fc.record({ kind: fc.constant('declare' as const), declared: some }),
    fc.record({ kind: fc.constantFrom('away' as const, 'back' as const), id: fc.constantFrom(...IDS) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
  ),
  { maxLength: 8 },
);

function ours(world: FakeFederation): readonly string[] {
  return world
    .clusters()
    .flatMap(({ objects }) =>
      [...objects].flatMap(([key, { metadata }]) =>
        metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub'
          ? [`${key} ${metadata.uid} ${metadata.annotations?.['kilofed.io/hash']}`]
          : [],
      ),
    );
}

async function take(step: Step, world: FakeFederation): Promise<void> {
  switch (step.kind) {
    case 'anew':
      await world.end();
      world.declared = step.declared;
      world.start();
      return;
    case 'declare':
      world.declared = step.declared;
      world.reread();
      await world.clock.advance(30_000);
      // Each that this hub knew comes back within its minute.
      world.declared = IDS;
      world.reread();
      return;
    case 'wait':
      return world.clock.advance(step.ms);
    default: {
      const cluster = world.cluster(step.id);
      cluster.fault = () => (step.kind === 'away' ? { kind: 'unreachable', message: 'connection refused' } : undefined);
      if (step.kind === 'away') cluster.endWatches();
    }
  }
}

test('I2, I10, S31: in any order and at any pace', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const world = createFakeFederation(IDS);
      exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
      exportService(world.cluster('north'), 'web', { addresses: ['10.2.0.5'] });
      exportService(world.cluster('west'), 'db', { addresses: ['10.3.0.5'] });
      world.start();
      await world.clock.advance(3_000);
      const before = ours(world);
      expect(before.length).toBeGreaterThan(10);
      for (const step of story) await take(step, world);
      for (const id of IDS) await take({ kind: 'back', id }, world);
      world.declared = IDS;
      world.reread();
      await world.clock.advance(60_000);
      const deleted = world.deletions;
      const after = ours(world);
      const told = world.hub().status().problems;
      await world.end();
      expect([deleted, after.toSorted(), told]).toEqual([[], before.toSorted(), []]);
    }),
    { numRuns: 25 },
  );
}, 120_000);
