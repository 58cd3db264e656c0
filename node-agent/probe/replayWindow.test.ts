import { expect, test } from '@jest/globals';
import { createReplayWindow } from './replayWindow.js';

test('a message counts once, and only where it is newer than all before of its sender and kind', () => {
  const window = createReplayWindow();
  const story: readonly [string, 'request' | 'suspect', number, bigint, boolean][] = [
    ['a', 'request', 1000, 5n, true],
    ['a', 'request', 1000, 5n, false],
    ['a', 'request', 1000, 4n, false],
    ['a', 'request', 1000, 6n, true],
    // Another kind, another sender.
    ['a', 'suspect', 1000, 1n, true],
    ['b', 'request', 900, 1n, true],
    // A process that started later begins anew, and the earlier one is over.
    ['a', 'request', 2000, 1n, true],
    ['a', 'request', 1000, 7n, false],
  ];
  expect(story.map(([sender, kind, epoch, nonce]) => window.accept(sender, { kind, epoch, nonce }))).toEqual(
    story.map(([, , , , accepted]) => accepted),
  );
});

test('a sender that is gone is forgotten', () => {
  const window = createReplayWindow();
  for (const sender of ['a', 'b']) window.accept(sender, { kind: 'request', epoch: 1, nonce: 5n });
  window.keepOnly(new Set(['b']));
  expect(['a', 'b'].map((sender) => window.accept(sender, { kind: 'request', epoch: 1, nonce: 5n }))).toEqual([true, false]);
});
