import { expect, test } from '@jest/globals';
import type { LinkReason } from '../api/links.js';
import type { LinkPlane, SegmentLink } from './segmentLinks.js';
import { trafficState } from './trafficState.js';

type Sketch = Pick<SegmentLink, 'state' | 'planes'>;

const link = (state: SegmentLink['state'], ...reasons: readonly LinkReason[]): Sketch => ({
  state,
  planes: reasons.map((reason): LinkPlane => ({ node: 'a', peer: 'p', slot: 0, state: 'down', inUse: false, since: '', reason })),
});

test.each<[string, links: Sketch[], expected: string]>([
  ['no link at all', [], 'unknown'],
  ['one that works', [link('up')], 'up'],
  ['one that works in part', [link('degraded')], 'up'],
  ['one that does not', [link('down')], 'down'],
  ['one of two segments gets there', [link('down'), link('up')], 'up'],
  ['neither does', [link('down'), link('down')], 'down'],
  ['of one nobody knows', [link('down'), link('unknown')], 'unknown'],
  ['agents that are gone', [link('down', 'AgentGone', 'AgentGone')], 'up'],
  ['one agent that is gone, and one tunnel without an answer', [link('down', 'NoAnswer', 'AgentGone')], 'up'],
  ['no answer', [link('down', 'NoAnswer', 'OneWay', 'NoHandshake', 'NotForwarding')], 'down'],
])('%s', (_name, links, expected) => {
  expect(trafficState(links)).toBe(expected);
});
