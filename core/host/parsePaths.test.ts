/** The texts are what iproute2 6.1 printed for `ip -j -force -batch -` with `route get` lines, shortened. */
import { expect, test } from '@jest/globals';
import { parsePaths } from './parsePaths.js';

const LINKS = JSON.stringify([{ ifname: 'lo', mtu: 65536 }, {}, { ifname: 'eth0', mtu: 1500 }, { ifname: 'wan0', mtu: 1400 }]);

test.each<[string, string, readonly [string, string, number, number?][]]>([
  [
    'a neighbour, by its device',
    '[{"dst":"10.0.0.9","dev":"eth0","prefsrc":"10.0.0.2","flags":[],"uid":0,"cache":[]}]\n',
    [['10.0.0.9', 'eth0', 1500]],
  ],
  [
    'a route with an MTU of its own',
    '[{"dst":"203.0.113.5","gateway":"10.0.0.1","dev":"eth0","flags":[],"cache":[],"metrics":[{"mtu":1420}]}]\n',
    [['203.0.113.5', 'eth0', 1420]],
  ],
  [
    'which cannot be larger than the device',
    '[{"dst":"203.0.113.5","gateway":"10.0.0.1","dev":"wan0","flags":[],"cache":[],"metrics":[{"mtu":1420}]}]\n',
    [['203.0.113.5', 'wan0', 1400]],
  ],
  [
    'what was learned is told apart',
    '[{"dst":"203.0.113.5","gateway":"10.0.0.1","dev":"eth0","flags":[],"cache":[],"metrics":[{"expires":598,"mtu":1300}]}]\n',
    [['203.0.113.5', 'eth0', 1500, 1300]],
  ],
  [
    'two families',
    '[{"dst":"10.0.0.9","dev":"eth0","flags":[]}]\n[{"dst":"fd00::9","from":"::","dev":"wan0","flags":[]}]\n',
    [
      ['10.0.0.9', 'eth0', 1500],
      ['fd00::9', 'wan0', 1400],
    ],
  ],
  ['no way at all', '', []],
])('%s', (_what, routes, paths) => {
  expect(
    [...parsePaths(routes, LINKS)].map(([address, { dev, mtu, learned }]) => [
      address,
      dev,
      mtu,
      ...(learned === undefined ? [] : [learned]),
    ]),
  ).toEqual(paths);
});
