import { describe, expect, test } from '@jest/globals';
import { EMPTY, HEALTHY, REFUSED_PAIR, UNREACHABLE_MEMBER } from '../test/fakes/federationStatus.js';
import { findings } from './findings.js';

const told = REFUSED_PAIR.problems[0];

describe('findings', () => {
  test.each([
    ['a healthy federation', HEALTHY, []],
    ['an empty federation', EMPTY, []],
    ['a pair the hub speaks of: not told twice, in neither direction', REFUSED_PAIR, ['west, pair east: OverlappingCIDRs']],
    ['a pair the hub does not speak of: told once', { ...REFUSED_PAIR, problems: [] }, ['east, pair west: Refused']],
    [
      'states the hub has no words for',
      UNREACHABLE_MEMBER,
      ['hub, queue: Degraded', 'west, member: Unreachable'],
    ],
  ])('%s', (_name, status, expected) => {
    expect(findings(status).map(({ cluster, subject, reason }) => `${cluster}, ${subject}: ${reason}`)).toEqual(expected);
  });

  test('the hub’s own words are kept', () => {
    expect(findings(REFUSED_PAIR)).toEqual([told]);
  });

  test('a member’s reason comes before the advice', () => {
    const message = findings(UNREACHABLE_MEMBER).find(({ subject }) => subject === 'member')?.message;
    expect(message).toBe(
      'connect ECONNREFUSED 10.77.0.2:6443. Its API server does not answer the hub; what was mirrored from it stays as it was. ' +
        'Check the network and the API server.',
    );
  });
});
