import { describe, expect, test } from '@jest/globals';
import type { MissingSocket } from '../../core/failover/socketProblems.js';
import { createSocketWatch } from './socketWatch.js';

const LACK: MissingSocket = { address: '10.4.0.1', port: 51_810, code: 'EADDRINUSE' };
const OTHER: MissingSocket = { ...LACK, port: 51_811 };

describe('sockets that are missing', () => {
  test.each<[string, readonly (readonly [number, readonly MissingSocket[], readonly MissingSocket[], boolean])[]]>([
    [
      'are told of after five seconds, once',
      [
        [0, [LACK], [], false],
        [4999, [LACK], [], false],
        [5000, [LACK], [LACK], true],
        [6000, [LACK], [LACK], false],
      ],
    ],
    [
      'are told of when there are others',
      [
        [0, [LACK], [], false],
        [5000, [LACK], [LACK], true],
        [5200, [LACK, OTHER], [LACK, OTHER], true],
      ],
    ],
    [
      'are gone at once',
      [
        [0, [LACK], [], false],
        [5000, [LACK], [LACK], true],
        [5200, [], [], true],
        [5400, [], [], false],
      ],
    ],
    [
      'begin anew when they were gone',
      [
        [0, [LACK], [], false],
        [4000, [], [], false],
        [4200, [LACK], [], false],
        [9199, [LACK], [], false],
        [9200, [LACK], [LACK], true],
      ],
    ],
  ])('%s', (_what, story) => {
    let [now, lacks]: [number, readonly MissingSocket[]] = [0, []];
    const watch = createSocketWatch({ want: () => undefined, missing: () => lacks }, { now: () => now });
    for (const [at, found, missing, changed] of story) {
      [now, lacks] = [at, found];
      expect([at, watch.refresh(), watch.missing()]).toEqual([at, changed, missing]);
    }
  });
});

test('what is wanted is asked for at every refresh', () => {
  const asked: unknown[] = [];
  const watch = createSocketWatch({ want: (...args) => void asked.push(args), missing: () => [] }, { now: () => 0 });
  watch.refresh();
  watch.want(['10.4.0.1'], [51_810]);
  watch.refresh();
  watch.refresh();
  expect(asked).toEqual([
    [[], []],
    [['10.4.0.1'], [51_810]],
    [['10.4.0.1'], [51_810]],
  ]);
});
