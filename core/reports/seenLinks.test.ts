import { expect, test } from '@jest/globals';
import { peerOf, planWith, statusOf } from '../../test/fakes/tunnels.js';
import { isFailing, plannedLinks, type SeenLink, seenLink } from './seenLinks.js';

const USED = new Map([['far', ['plane/0']]]);

function seenOf(paths: Parameters<typeof plannedLinks>[1], choices = USED): SeenLink[] {
  return plannedLinks(planWith(peerOf('gateway', 'far', { endpoint: '192.0.2.1:51820', member: 'east' })), paths).map((link) =>
    seenLink(link, choices, isFailing(link) ? 'NoAnswer' : undefined),
  );
}

const COMMON = { segment: 'far', member: 'east', slot: 0, peer: 'far', endpoint: '192.0.2.1:51820', inUse: true };

test.each<[string, Parameters<typeof plannedLinks>[1], Partial<SeenLink>]>([
  ['it works', [{ ...statusOf('tunnel', 'far', 'up'), leastRttMs: 2 }], { state: 'up', forMs: 1000, figures: { rttMs: 2, loss: 0 } }],
  ['it fails', [statusOf('tunnel', 'far', 'down')], { state: 'down', forMs: 1000, reason: 'NoAnswer' }],
  ['it was not probed yet', [statusOf('tunnel', 'far', 'new', 30)], { state: 'unknown', forMs: 30 }],
  ['the far end answers no probes', [], { state: 'unknown', forMs: Number.POSITIVE_INFINITY }],
  ['another path is another matter', [statusOf('alternate', 'far', 'up')], { state: 'unknown', forMs: Number.POSITIVE_INFINITY }],
  [
    'the far gateway forwards nothing',
    [{ ...statusOf('tunnel', 'far', 'up'), notForwarding: true }],
    { state: 'down', forMs: 0, reason: 'NotForwarding' },
  ],
])('%s', (_what, paths, expected) => {
  expect(seenOf(paths)).toEqual([{ ...COMMON, ...expected }]);
});

test('traffic that takes another plane, or a neighbour, does not use it', () => {
  const up = [statusOf('tunnel', 'far', 'up')];
  expect(seenOf(up, new Map([['far', ['node/b', 'plane/1']]]))[0]?.inUse).toBe(false);
  expect(seenOf(up, new Map())[0]?.inUse).toBe(false);
});

test('external peers are not probed, and so not reported', () => {
  expect(plannedLinks(planWith(peerOf('peer', 'laptop')), [])).toEqual([]);
});

test('where neither end knows where to send', () => {
  const plan = planWith(peerOf('gateway', 'far'), peerOf('gateway', 'near'));
  const problems = [{ subject: { kind: 'gateway', name: 'far' }, reason: 'NoEndpoint', message: '' } as const];
  expect(plannedLinks({ ...plan, problems }, []).map(({ hasEndpoint }) => hasEndpoint)).toEqual([false, true]);
});
