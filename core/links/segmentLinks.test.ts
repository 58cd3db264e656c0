import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { ReportedLink } from '../api/gatewayReport.js';
import { tunnel } from '../../test/fakes/links.js';
import { segmentLinks } from './segmentLinks.js';
import type { LinkState } from '../api/links.js';

const NOBODY: ReadonlySet<string> = new Set();
const EU = { name: 'location:eu', gateways: [{ node: 'a1' }, { node: 'a2' }] };

const up = tunnel();
const down = tunnel({ state: 'down', reason: 'NoAnswer', inUse: false });
const fresh = tunnel({ state: 'unknown', inUse: false });

interface Row {
  readonly says: string;
  readonly reports: Readonly<Record<string, readonly ReportedLink[]>>;
  readonly lost?: readonly string[];
  readonly state: LinkState;
  readonly reason?: string;
}

const ROWS: readonly Row[] = [
  { says: 'one gateway, its tunnel works', reports: { a1: [up] }, state: 'up' },
  { says: 'one gateway, its tunnel does not', reports: { a1: [down] }, state: 'down', reason: 'NoAnswer' },
  {
    says: 'the other gateway has one that works',
    reports: { a1: [down], a2: [up] },
    state: 'degraded',
    reason: 'NoAnswer',
  },
  { says: 'both have none', reports: { a1: [down], a2: [down] }, state: 'down', reason: 'NoAnswer' },
  { says: 'one plane of two', reports: { a1: [up, { ...down, slot: 1 }] }, state: 'degraded', reason: 'NoAnswer' },
  {
    says: 'it works, and large packets are lost',
    reports: { a1: [tunnel({ reason: 'LargePackets' })] },
    state: 'degraded',
    reason: 'LargePackets',
  },
  { says: 'not known yet', reports: { a1: [fresh] }, state: 'unknown' },
  { says: 'not known yet of one', reports: { a1: [fresh], a2: [up] }, state: 'up' },
  {
    says: 'not known yet of one, the other does not work',
    reports: { a1: [fresh], a2: [down] },
    state: 'down',
    reason: 'NoAnswer',
  },
  { says: 'the only gateway is lost', reports: { a1: [up] }, lost: ['a1'], state: 'unknown' },
  { says: 'the only gateway is lost, and said that nothing works', reports: { a1: [down] }, lost: ['a1'], state: 'unknown' },
  { says: 'one of two is lost', reports: { a1: [down], a2: [up] }, lost: ['a1'], state: 'up' },
  {
    says: 'one of two is lost, the other has no tunnel that works',
    reports: { a1: [up], a2: [down] },
    lost: ['a1'],
    state: 'down',
    reason: 'NoAnswer',
  },
  {
    says: 'a reason that names what is wrong comes before one that does not',
    reports: { a1: [down], a2: [tunnel({ state: 'down', reason: 'AgentGone' })] },
    state: 'down',
    reason: 'AgentGone',
  },
];

test.each(ROWS)('a link is $state: $says', ({ reports, lost = [], state, reason }) => {
  const [link, ...more] = segmentLinks({ reports: new Map(Object.entries(reports)), lost: new Set(lost), segments: [EU] });
  expect(more).toEqual([]);
  expect({ state: link?.state, reason: link?.reason }).toEqual({ state, reason });
});

test('nobody speaks for a segment but those who hold a slot of it', () => {
  expect(segmentLinks({ reports: new Map(Object.entries({ a3: [down] })), lost: NOBODY, segments: [EU] })).toEqual([]);
  const other = { name: 'location:us', gateways: [{ node: 'b1' }] };
  const links = segmentLinks({ reports: new Map(Object.entries({ a1: [up], b1: [down] })), lost: NOBODY, segments: [other, EU] });
  expect(links.map(({ from, state }) => [from, state])).toEqual([
    ['location:eu', 'up'],
    ['location:us', 'down'],
  ]);
});

test('a link that is expected and that nobody reports on is unknown', () => {
  const expected = (segment: string) =>
    segment === 'location:eu' ? [{ name: 'location:us' }, { name: 'west/default', member: 'west' }] : [];
  const links = segmentLinks({ reports: new Map(Object.entries({ a1: [up] })), lost: NOBODY, segments: [EU], expected });
  expect(links.map(({ to, member, state }) => [to, member, state])).toEqual([
    ['location:us', undefined, 'unknown'],
    ['west/default', 'west', 'up'],
  ]);
});

test('a tunnel of a lost node keeps its names and no figures', () => {
  const [link] = segmentLinks({ reports: new Map(Object.entries({ a1: [up] })), lost: new Set(['a1']), segments: [EU] });
  expect(link?.planes).toEqual([
    {
      node: 'a1',
      slot: 0,
      peer: 'west-default-0',
      endpoint: '203.0.113.7:51820',
      state: 'unknown',
      inUse: false,
      since: '2026-01-01T00:00:00Z',
      lost: true,
    },
  ]);
  expect(link?.since).toBeUndefined();
});

test('since: the last change of a tunnel', () => {
  const [link] = segmentLinks({
    reports: new Map([
      ['a1', [tunnel({ since: '2026-01-01T11:30:00Z' }), tunnel({ slot: 1, since: '2026-01-01T12:00:00Z' })]],
      ['a2', [tunnel({ since: '2025-12-31T23:59:59Z' })]],
    ]),
    lost: NOBODY,
    segments: [EU],
  });
  expect(link?.since).toBe('2026-01-01T12:00:00Z');
});

const link = fc.record({
  segment: fc.constantFrom('west/default', 'north/default', 'location:us'),
  slot: fc.integer({ min: 0, max: 3 }),
  state: fc.constantFrom('up', 'down', 'unknown'),
});
const worlds = fc.array(fc.tuple(fc.constantFrom('a1', 'a2', 'b1', 'c1'), fc.array(link, { maxLength: 6 })), { maxLength: 4 });

test('one tunnel that works is traffic that gets there; none that is known is unknown; the order of reports changes nothing', () => {
  fc.assert(
    fc.property(worlds, fc.subarray(['a1', 'a2', 'b1']), (world, gone) => {
      const lost = new Set(gone);
      const reports = new Map(world.map(([node, links]) => [node, links.map((each): ReportedLink => tunnel(each))]));
      const segments = [EU, { name: 'location:us', gateways: [{ node: 'b1' }] }];
      const links = segmentLinks({ reports, lost, segments });
      expect(segmentLinks({ reports: new Map([...reports].toReversed()), lost, segments: segments.toReversed() })).toEqual(links);
      for (const { state, planes, from } of links) {
        const states = planes.map((plane) => plane.state);
        expect(state === 'up' || state === 'degraded').toBe(states.includes('up'));
        expect(state === 'unknown').toBe(states.every((each) => each === 'unknown'));
        const speakers = segments.find(({ name }) => name === from)?.gateways.map(({ node }) => node);
        expect(planes.every(({ node }) => speakers?.includes(node) === true)).toBe(true);
        expect(planes.every((plane) => !lost.has(plane.node) || plane.state === 'unknown')).toBe(true);
      }
    }),
  );
});
