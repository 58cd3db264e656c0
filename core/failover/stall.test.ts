import { expect, test } from '@jest/globals';
import type { PathStatus } from './failover.js';
import type { PathState } from './path.js';
import { createStallWatch, type Healing } from './stall.js';

/** Plane 0 to `far`, since `forMs`; and what answers around it. */
function paths(tunnel: PathState, forMs: number, around: PathState): PathStatus[] {
  const target = { name: 'f0', publicKey: 'key-f0', address: '10.4.0.2', segment: 'far' };
  return (['tunnel', 'around'] as const).map((kind) => ({
    path: { name: `${kind}/0/far`, kind, slot: 0, segment: 'far', from: 1, targets: [target] },
    state: kind === 'tunnel' ? tunnel : around, inUse: false, forMs, loss: 0, misses: 0,
  }));
}

const OTHER = new Map([['far', ['plane/1']]]);
const PEER: Healing = { kind: 'peer', plane: 0, publicKey: 'key-f0' };

test.each([
  ['deaf for three seconds', paths('down', 3000, 'up'), OTHER, [PEER]],
  ['deaf for less', paths('down', 2999, 'up'), OTHER, []],
  ['a far gateway that is dead', paths('down', 9000, 'down'), OTHER, []],
  ['one that was never heard', paths('down', 9000, 'new'), OTHER, []],
  ['a tunnel that works', paths('up', 9000, 'up'), OTHER, []],
  ['one that carries traffic: whatever answers came by itself', paths('down', 9000, 'up'), new Map([['far', ['plane/0']]]), []],
])('%s', (_name, status, choices, expected) => {
  expect(createStallWatch().look(status, choices, 10_000)).toEqual(expected);
});

test('first the peer, after ten seconds the interface, then nothing for five minutes', () => {
  const watch = createStallWatch();
  const said = Array.from({ length: 700 }, (_, second) => watch.look(paths('down', 3000 + second * 1000, 'up'), OTHER, second * 1000).map(({ kind }) => `${second} ${kind}`)).flat();
  expect(said).toEqual(['0 peer', '10 interface', '310 peer', '320 interface', '620 peer', '630 interface']);
});

test('never an interface that somebody uses', () => {
  const watch = createStallWatch();
  const choices = new Map([...OTHER, ['near', ['plane/0']]]);
  const said = Array.from({ length: 400 }, (_, second) => watch.look(paths('down', 3000, 'up'), choices, second * 1000).map(({ kind }) => `${second} ${kind}`)).flat();
  expect(said).toEqual(['0 peer', '10 peer', '310 peer', '320 peer']);
});

test('one that recovers and fails again starts with the peer, a minute later', () => {
  const watch = createStallWatch();
  const said = Array.from({ length: 100 }, (_, second) =>
    watch.look(second >= 5 && second < 20 ? paths('up', 5000, 'up') : paths('down', 3000, 'up'), OTHER, second * 1000).map(({ kind }) => `${second} ${kind}`)).flat();
  expect(said).toEqual(['0 peer', '60 peer', '70 interface']);
});
