import { expect, test } from '@jest/globals';
import type { ReportedLink } from '../api/gatewayReport.js';
import { MAX_REPORTED_LINKS } from '../api/reportBounds.js';
import { createFigures } from './figures.js';
import type { SeenLink } from './seenLinks.js';
import { type ReportSpec, type Seen, settleReport } from './settleReport.js';

const START = Date.UTC(2026, 0, 1, 12);

function seen(given: Partial<SeenLink> = {}): SeenLink {
  return { segment: 'east/location:', member: 'east', slot: 0, peer: 'east-0', state: 'up', inUse: true, forMs: 10_000, ...given };
}

function told(given: Partial<ReportedLink> = {}): ReportSpec {
  const since = '2026-01-01T11:00:00Z';
  return { links: [{ segment: 'east/location:', member: 'east', slot: 0, peer: 'east-0', state: 'up', inUse: true, since, ...given }] };
}

function settle(before: ReportSpec | undefined, links: readonly SeenLink[], given: Partial<Seen> = {}): ReportSpec {
  const ago = (ms: number): string => new Date(START - ms).toISOString().replace('.000', '');
  return settleReport(before, { links, draining: false, spreads: new Map(), isFigureTime: false, ago, ...given });
}

test('a state begins when it began, and keeps that time', () => {
  const [link] = settle(undefined, [seen()]).links;
  expect(link?.since).toBe('2026-01-01T11:59:50Z');
  expect(settle(told(), [seen()])).toEqual(told());
});

test.each<[string, Partial<ReportedLink>, Partial<SeenLink>, Partial<ReportedLink>]>([
  [
    'a tunnel fails',
    {},
    { state: 'down', forMs: 500, reason: 'NoAnswer' },
    { state: 'down', reason: 'NoAnswer', since: '2026-01-01T11:59:59.500Z' },
  ],
  [
    'the reason becomes known',
    { state: 'down', reason: 'NoAnswer' },
    { state: 'down', reason: 'AgentGone' },
    { state: 'down', reason: 'AgentGone' },
  ],
  ['it works again', { state: 'down', reason: 'NoAnswer' }, { forMs: 2000 }, { since: '2026-01-01T11:59:58Z' }],
  ['a gateway that forwards again', { state: 'down', reason: 'NotForwarding' }, {}, { since: '2026-01-01T12:00:00Z' }],
  [
    'an agent has just started',
    { rttMilliseconds: 5, lossPercent: 0 },
    { state: 'unknown', forMs: 900 },
    { rttMilliseconds: 5, lossPercent: 0 },
  ],
  [
    'the same, where it was down',
    { state: 'down', reason: 'OneWay' },
    { state: 'unknown', forMs: 900 },
    { state: 'down', reason: 'OneWay' },
  ],
  ['nothing is known for long', {}, { state: 'unknown', forMs: 6000 }, { state: 'unknown', since: '2026-01-01T11:59:54Z' }],
  ['nobody can tell', {}, { state: 'unknown', forMs: Number.POSITIVE_INFINITY }, { state: 'unknown', since: '2026-01-01T12:00:00Z' }],
  ['traffic takes another path', {}, { inUse: false }, { inUse: false }],
  [
    'what fails has no figures',
    { rttMilliseconds: 5, lossPercent: 1 },
    { state: 'down', forMs: 0 },
    { state: 'down', since: '2026-01-01T12:00:00Z' },
  ],
])('%s', (_what, before, now, after) => {
  expect(settle(told(before), [seen(now)])).toEqual(told(after));
});

test('another gateway in the slot is another tunnel', () => {
  expect(settle(told(), [seen({ peer: 'east-1' })]).links[0]?.since).toBe('2026-01-01T11:59:50Z');
});

test('figures come with the first seconds, and then change when it is time', () => {
  const figures = createFigures();
  const at = (forMs: number, rttMs: number, isFigureTime: boolean, before: ReportSpec | undefined): ReportSpec => {
    const link = seen({ forMs, figures: { rttMs, loss: 0 } });
    figures.sample([link]);
    return settle(before, [link], { spreads: figures.spreads(), isFigureTime });
  };
  const young = at(500, 4, false, undefined);
  expect(young.links[0]).not.toHaveProperty('rttMilliseconds');
  const first = at(3500, 4, false, young);
  expect(first.links[0]).toMatchObject({ rttMilliseconds: 5, lossPercent: 0 });
  figures.reset();
  expect(at(9000, 40, false, first)).toEqual(first);
  expect(at(60_000, 44, true, first).links[0]).toMatchObject({ rttMilliseconds: 57 });
  // Not all of the minute was slow.
  at(61_000, 4, false, first);
  expect(at(62_000, 44, true, first)).toEqual(first);
});

test('draining is told', () => {
  expect(settle(undefined, [], { draining: true })).toEqual({ draining: true, links: [] });
});

test('of too many tunnels, those that work are left out, and the order is that of names', () => {
  const many = Array.from({ length: MAX_REPORTED_LINKS + 2 }, (_, index) => seen({ segment: `location:${index}` }));
  const links = settle(undefined, [...many, seen({ segment: 'z', state: 'down' })]).links;
  expect(links).toHaveLength(MAX_REPORTED_LINKS);
  expect(links.at(-1)).toMatchObject({ segment: 'z', state: 'down' });
  expect(links.map(({ segment }) => segment)).toEqual(links.map(({ segment }) => segment).toSorted());
});
