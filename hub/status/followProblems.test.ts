import { expect, test } from '@jest/globals';
import type { FederationStatus } from '../../core/api/status.js';
import { createHandClock, SILENT } from '../../test/host/handClock.js';
import { followProblems } from './followProblems.js';

type Told = FederationStatus['problems'][number];

const pair = (message: string): Told => ({ cluster: 'east', subject: { kind: 'pair', other: 'west' }, reason: 'LinkDown', message });
const member: Told = { cluster: 'north', subject: { kind: 'member' }, reason: 'Unreachable', message: 'connect ECONNREFUSED' };

/** What is told of these looks, one each five seconds. Undefined: the hub waits for its members. */
async function told(looks: readonly (readonly Told[] | undefined)[]): Promise<string[]> {
  const clock = createHandClock();
  const recorded: string[] = [];
  const stop = new AbortController();
  const recorder = {
    record: ({ type, reason, note }: { readonly type: string; readonly reason: string; readonly note: string }): void =>
      void recorded.push(`${type} ${reason} ${note}`),
  };
  let look = 0;
  const problems = (): readonly Told[] | undefined => looks[look];
  const following = followProblems({ clock, log: SILENT, problems, events: { recorder, namespace: 'kilofed' } }, stop.signal);
  for (; look < looks.length; look += 1) await clock.advance(5_000);
  stop.abort();
  await clock.advance(5_000);
  await following;
  return recorded;
}

test.each<readonly [what: string, looks: readonly (readonly Told[] | undefined)[], expected: readonly string[]]>([
  ['nothing, while nothing happens', [[], [], [], []], []],
  [
    'one that lasts, once, whatever becomes of its message',
    [[], [], [pair('a')], [pair('b')], [pair('c')]],
    ['Warning LinkDown east, pair west: b'],
  ],
  ['one that comes and goes at once is none', [[], [], [pair('a')], [], [], [pair('a')], []], []],
  [
    'when it is over, and stays so',
    [[], [], [member], [member], [], [member], [], [], []],
    ['Warning Unreachable north, member: connect ECONNREFUSED', 'Normal ProblemOver north, member: Unreachable is over'],
  ],
  ['a restart tells nothing of what was there before', [undefined, [member], [member], [member], [member]], []],
  ['but that it is over', [undefined, [member], [member], [], []], ['Normal ProblemOver north, member: Unreachable is over']],
])('I15: %s', async (_what, looks, expected) => {
  expect(await told(looks)).toEqual(expected);
});
