import { expect, test } from '@jest/globals';
import { problemText } from '../api/problem.js';
import { type MissingSocket, socketProblems } from './socketProblems.js';

const lack = (code: string, port: number, address = '10.4.0.1'): MissingSocket => ({ address, port, code });
const LACK = 'the node cannot be probed, so others do not use it, and it cannot tell which paths work: UDP port';

test.each<[string, readonly MissingSocket[], readonly string[]]>([
  ['nothing, where none is missing', [], []],
  [
    'one problem for ports that something else has',
    [lack('EADDRINUSE', 51_810), lack('EADDRINUSE', 51_811)],
    [`${LACK} 51810, 51811 cannot be had on 10.4.0.1: something else has it (ss -ulnp tells what; UDP 51810, 51811 must be free): end it`],
  ],
  [
    'one for each thing that the kernel said, with all addresses',
    [lack('EADDRNOTAVAIL', 51_810), lack('EADDRNOTAVAIL', 51_810, 'fd00::1'), lack('EPERM', 51_811)],
    [
      `${LACK} 51810 cannot be had on 10.4.0.1, fd00::1: the address is not on this host: /healthz and the log say why`,
      `${LACK} 51811 cannot be had on 10.4.0.1: EPERM`,
    ],
  ],
])('missing sockets are %s', (_what, missing, expected) => {
  const problems = socketProblems('a', missing);
  expect(problems.map(problemText)).toEqual(expected);
  expect(problems.map(({ subject, reason }) => [subject, reason])).toEqual(
    expected.map(() => [{ kind: 'node', name: 'a' }, 'NoProbeSocket']),
  );
});
