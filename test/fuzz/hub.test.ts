/**
 * Whatever a hostile member says, in whatever order: what the hub writes into honest members about each other is byte for byte what it
 * is without it, the status can always be read, and nothing ends unexpectedly.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { FUZZ_MS, fuzz } from './runs.js';
import { lie } from '../hub/hostile/lies.js';
import { HONEST_KEYS, type Step, tell, UNSHARED } from '../hub/hostile/story.js';

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: lie.map((one) => ({ by: 'hostile' as const, lie: one })) },
  {
    weight: 2,
    arbitrary: fc.record({
      by: fc.constant('honest' as const),
      member: fc.constant('alfa' as const),
      service: fc.constantFrom('web', 'both'),
      addresses: fc.constantFrom(['10.1.0.5'], ['10.1.0.6', '10.1.0.7'], []),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ by: 'hub' as const, what: 'restart' as const }) },
);

const honestAlone = new Map<string, ReturnType<typeof tell>>();

/** How the story ends without the hostile member: the same for all stories in which the honest ones do the same. */
function withoutHostile(steps: readonly Step[], first = false): ReturnType<typeof tell> {
  const honest = steps.filter(({ by }) => by !== 'hostile');
  const key = JSON.stringify([first, honest]);
  const known = honestAlone.get(key) ?? tell(honest, { hostile: undefined, first });
  honestAlone.set(key, known);
  return known;
}

const id = fc.constantFrom('aaa', 'azur', 'zulu');
const steps = fc.array(step, { minLength: 1, maxLength: 12 });

test(
  'a hostile member that joins changes nothing between honest ones',
  async () => {
    await fc.assert(
      fc.asyncProperty(id, steps, async (hostile, story) => {
        const { written } = await withoutHostile(story);
        expect(await tell(story, { hostile })).toEqual({ written, errors: [], harm: [] });
      }),
      fuzz(0.5),
    );
  },
  10 * FUZZ_MS,
);

test(
  'a hostile member that was there first keeps nothing from honest ones whose ranges are declared',
  async () => {
    await fc.assert(
      fc.asyncProperty(id, steps, async (hostile, story) => {
        // Whose a key is, only who had it first can show.
        fc.pre(!HONEST_KEYS.some((key) => JSON.stringify(story).includes(key)));
        const { written } = await withoutHostile(story, true);
        const { written: beside, ...rest } = await tell(story, { hostile, first: true });
        expect({ ...rest, written: unshared(beside) }).toEqual({ errors: [], harm: [], written: unshared(written) });
      }),
      fuzz(0.5),
    );
  },
  10 * FUZZ_MS,
);

/** Peers, and what is of Services that the hostile member cannot have exported first. */
function unshared(written: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(written).filter(([key]) => / peers\//.test(key) || UNSHARED.some((name) => key.includes(`/demo/${name}`))),
  );
}
