import { expect, test } from '@jest/globals';
import type { ChoicePolicy } from '../services/choicePolicy.js';
import { writePolicy } from '../services/choicePolicy.js';
import type { EndpointFact } from './facts.js';
import { importPolicy } from './importPolicy.js';
import { whyNotChosen } from './whyNotChosen.js';

/** `east` serves, `east!` is held back, `east!why` says why, `east?` is not ready. */
function endpoint(text: string, index: number): EndpointFact {
  const { cluster = '', mark = '', why = '' } = /^(?<cluster>[a-z]+)(?<mark>[!?]?)(?<why>.*)$/.exec(text)?.groups ?? {};
  const state = mark === '!' ? 'heldBack' : mark === '?' ? 'notReady' : 'ready';
  return { address: `10.0.0.${index}`, cluster, state, ...(why !== '' && { why }) };
}

/** Why the first that is held back is. */
function whyOf(policy: Omit<ChoicePolicy, 'self'> | undefined, endpoints: string): string | undefined {
  const choice = policy === undefined ? undefined : writePolicy({ self: 'west', ...policy });
  return whyNotChosen(choice, endpoints.split(' ').map(endpoint)).find(({ state }) => state === 'heldBack')?.why;
}

const PREFER = { prefer: [['north', 'paris'], ['east']] };

test.each<[what: string, policy: Omit<ChoicePolicy, 'self'> | undefined, endpoints: string, why: string]>([
  ['an earlier tier', PREFER, 'north east!', 'prefer: north serves as tier 1, and east is in tier 2'],
  ['an earlier tier of two', PREFER, 'paris north east!', 'prefer: north, paris serve as tier 1, and east is in tier 2'],
  ['any tier', PREFER, 'east north? rome!', 'prefer: east serves as tier 2, and rome is in no tier'],
  ['own endpoints', { affinity: 'local' }, 'west east!', 'affinity local: endpoints of west itself serve first'],
  ['no weight', { weights: { east: 0 } }, 'north east!', 'weights give east 0'],
  [
    'a share',
    { weights: { east: 3, north: 1 } },
    'east east east east! east? north',
    'weights east=3, north=1: 3 of the 4 endpoints of east serve',
  ],
  [
    'a share beside one that is cut off',
    { weights: { east: 2 } },
    'east east! east!cut north',
    'weights east=2, north=1: 1 of the 2 endpoints of east serve',
  ],
  ['a drained member', { drained: ['east'] }, 'north east!', 'its member is drained'],
  ['what says why already', PREFER, 'north east!cut', 'cut'],
  ['no policy that is known', undefined, 'north east!', 'not chosen'],
  ['a policy that does not explain it', PREFER, 'north!', 'not chosen'],
])('%s', (_what, policy, endpoints, why) => expect(whyOf(policy, endpoints)).toBe(why));

test('a policy that nobody of ours wrote explains nothing', () => {
  expect(whyNotChosen('{', [endpoint('east!', 0)])[0]?.why).toBe('not chosen');
});

test('the policy in words', () => {
  const choice = writePolicy({ self: 'west', affinity: 'local', ...PREFER, weights: { east: 3, north: 1 }, drained: ['rome'] });
  expect(importPolicy(choice)).toEqual({
    affinity: 'local',
    prefer: 'north and paris, then east',
    weights: 'east=3, north=1',
    drained: 'rome',
  });
  expect([importPolicy(undefined), importPolicy('{')]).toEqual([{}, {}]);
});
