import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type FailureFacts, linkReason } from './linkReason.js';

const COUNTED = { everHandshake: true, handshake: false, received: false, session: false };

/** What happened, what this end finds, and the reason. */
const ROWS: readonly (readonly [string, Partial<FailureFacts>, string])[] = [
  ['nothing is known yet', {}, 'NoAnswer'],
  ['nobody has an endpoint, and nothing is known yet', { hasEndpoint: false }, 'NoEndpoint'],
  ['nobody has an endpoint', { hasEndpoint: false, counted: { ...COUNTED, everHandshake: false } }, 'NoEndpoint'],
  ['a firewall has been closed all the time', { counted: { ...COUNTED, everHandshake: false } }, 'NoHandshake'],
  ['a cable is cut: the session lasts for a while', { counted: { ...COUNTED, session: true } }, 'NoAnswer'],
  ['a cable was cut an hour ago', { counted: COUNTED }, 'NoAnswer'],
  ['our packets are dropped: the far agent still asks', { agentHeard: 'by this tunnel', counted: { ...COUNTED, session: true } }, 'OneWay'],
  ['our packets are dropped, and nobody has asked WireGuard yet', { agentHeard: 'by this tunnel' }, 'OneWay'],
  ['our packets were dropped long ago: only the far handshakes arrive', { counted: { ...COUNTED, received: true } }, 'OneWay'],
  ['the same, and there never was a handshake', { counted: { ...COUNTED, everHandshake: false, received: true } }, 'OneWay'],
  ['the same, and the far agent answers by another plane', { agentHeard: 'otherwise', counted: { ...COUNTED, received: true } }, 'OneWay'],
  ['the far packets are dropped, the far agent answers by another plane', { agentHeard: 'otherwise', counted: COUNTED }, 'NoAnswer'],
  ['the far agent is stopped: its host says so', { hostAnswered: true }, 'AgentGone'],
  ['the same, and WireGuard was asked', { hostAnswered: true, counted: { ...COUNTED, session: true } }, 'AgentGone'],
  ['the same, and a firewall there says nothing: keepalives', { counted: { ...COUNTED, session: true, received: true } }, 'AgentGone'],
  ['the same, after minutes: handshakes', { counted: { ...COUNTED, handshake: true, session: true, received: true } }, 'AgentGone'],
  [
    'one tunnel is broken, and the far host answers by another',
    { hostAnswered: true, agentHeard: 'otherwise', counted: COUNTED },
    'NoAnswer',
  ],
];

test.each(ROWS)('%s', (_what, facts, reason) => {
  expect(linkReason({ hasEndpoint: true, hostAnswered: false, ...facts })).toBe(reason);
});

test('an agent that was heard is never called gone', () => {
  const counted = fc.record({ everHandshake: fc.boolean(), handshake: fc.boolean(), received: fc.boolean(), session: fc.boolean() });
  const facts: fc.Arbitrary<FailureFacts> = fc
    .record({
      hasEndpoint: fc.boolean(),
      hostAnswered: fc.boolean(),
      counted: fc.option(counted, { nil: undefined }),
      agentHeard: fc.constantFrom('by this tunnel' as const, 'otherwise' as const),
    })
    .map(({ counted: one, ...rest }) => ({ ...rest, ...(one === undefined ? {} : { counted: one }) }));
  fc.assert(fc.property(facts, (each) => linkReason(each) !== 'AgentGone'));
});
