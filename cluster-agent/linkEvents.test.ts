import { expect, test } from '@jest/globals';
import { linkEvents } from './linkEvents.js';
import type { ListedLink } from './planLinks.js';

function link(state: ListedLink['state'], ...gateways: readonly string[]): ListedLink {
  return {
    from: 'location:eu',
    to: 'west/x',
    state,
    ...(gateways.length === 0 ? {} : { inUse: gateways.map((peer, slot) => ({ slot, peer })) }),
    ...(state === 'up' ? {} : { message: 'why: what to do' }),
  };
}

test.each([
  [undefined, link('up'), []],
  [undefined, link('unknown'), []],
  [undefined, link('down'), [['Warning', 'LinkDown', 'why: what to do']]],
  [link('unknown'), link('up'), []],
  [link('unknown'), link('down'), [['Warning', 'LinkDown', 'why: what to do']]],
  [link('up'), link('down'), [['Warning', 'LinkDown', 'why: what to do']]],
  [link('up'), link('degraded'), [['Warning', 'LinkDegraded', 'why: what to do']]],
  [link('up'), link('unknown'), [['Warning', 'LinkUnknown', 'why: what to do']]],
  [link('down'), link('down'), []],
  [link('down'), link('up'), [['Normal', 'LinkUp', 'location:eu reaches west/x again']]],
  [link('degraded'), link('up'), [['Normal', 'LinkUp', 'location:eu reaches west/x again']]],
  [link('up', 'w1'), link('up', 'w2'), [['Normal', 'GatewaySwitched', 'traffic from location:eu to west/x goes by w2 instead of w1']]],
  [link('up', 'w1'), link('degraded', 'w2'), [['Warning', 'LinkDegraded', 'why: what to do']]],
  [link('up', 'w1'), link('up', 'w1'), []],
  [link('up'), link('up', 'w1'), []],
] as const)('%j, then %j', (before, after, expected) => {
  const events = linkEvents(before === undefined ? [] : [before], [after]);
  expect(events.map(({ type, reason, note }) => [type, reason, note])).toEqual(expected);
});

test('what has gone is no event', () => {
  expect(linkEvents([link('down')], [])).toEqual([]);
});
