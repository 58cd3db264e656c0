import { describe, expect, test } from '@jest/globals';
import { hash32 } from '../net/hash.js';
import { ANSWER_MS, probePath, type Stories, tableOf, target } from '../../test/fakes/probedPaths.js';
import { nextProbe } from './nextProbe.js';
import { HEALTHY, type Report } from './report.js';

const LAN = probePath({ kind: 'lan', node: 'sib' });
const RELAY = probePath({ kind: 'relay', node: 'sib' }, { targets: [target('a0', 'a'), target('a1', 'a'), target('b0', 'b')] });
const TUNNEL = probePath({ kind: 'tunnel', slot: 0, segment: 'far' });

describe('a relay path asks', () => {
  test.each<[string, Report['unreachable'], readonly string[]]>([
    ['its targets in turn', [], ['a0', 'a1', 'b0']],
    ['none that the gateway says it does not reach', [hash32('a')], ['b0']],
    ['the others in turn', [hash32('b')], ['a0', 'a1']],
    ['nobody where it reaches none', [hash32('a'), hash32('b')], []],
    ['nobody where it reaches nobody at all', 'all', []],
  ])('%s', (_what, unreachable, names) => {
    const table = tableOf([LAN, RELAY]);
    const [lan, relay] = table.all();
    if (lan === undefined || relay === undefined) throw new Error('no such paths');
    lan.report = { ...HEALTHY, unreachable };
    const asked = [1, 2, 3, 4, 5, 6].map((nonce) => nextProbe(table, relay, { inUse: false, nonce }, nonce * 1000)?.target.name);
    expect(new Set(asked)).toEqual(new Set(names.length === 0 ? [undefined] : names));
    expect(asked.slice(0, names.length)).toEqual(asked.slice(names.length, 2 * names.length));
  });

  test('and counts as answered where nobody is worth asking', () => {
    const table = tableOf([LAN, RELAY]);
    const [lan, relay] = table.all();
    if (lan === undefined || relay === undefined) throw new Error('no such paths');
    lan.report = { ...HEALTHY, unreachable: 'all' };
    nextProbe(table, relay, { inUse: false, nonce: 1 }, 1000);
    relay.probed.check(1000);
    expect([relay.probed.state(), relay.probed.silentSince(100_000)]).toEqual(['up', undefined]);
  });
});

describe('a probe tells', () => {
  const OTHER = probePath({ kind: 'relay', node: 'other' });
  test.each<[string, Stories, string]>([
    ['nothing of the forwarding of a gateway that was not tried', {}, 'unknown'],
    ['that a gateway forwards', { 'relay/sib': { state: 'up' } }, 'yes'],
    ['that it does not', { 'relay/sib': { state: 'down' }, 'relay/other': { state: 'up', at: 1000 } }, 'no'],
  ])('%s', (_what, stories, forwards) => {
    const table = tableOf([LAN, RELAY, OTHER], stories);
    const [lan, relay] = table.all();
    if (lan === undefined || relay === undefined) throw new Error('no such paths');
    expect(nextProbe(table, lan, { inUse: true, nonce: 7 }, 1100)).toMatchObject({
      path: LAN,
      inUse: true,
      nonce: 7,
      forwards,
      vouches: false,
    });
    expect(nextProbe(table, relay, { inUse: false, nonce: 8 }, 1100)?.forwards).toBe('unknown');
  });

  test.each<[string, Stories, number, boolean]>([
    ['that a tunnel that has just answered is good', { 'tunnel/0/far': { state: 'up' } }, ANSWER_MS, true],
    ['nothing of one that answered long ago', { 'tunnel/0/far': { state: 'up' } }, 5000, false],
    ['nothing of one that is down', { 'tunnel/0/far': { state: 'down' } }, 1000, false],
  ])('%s', (_what, stories, now, vouches) => {
    const table = tableOf([TUNNEL], stories);
    const [tunnel] = table.all();
    expect(tunnel && nextProbe(table, tunnel, { inUse: false, nonce: 7 }, now)?.vouches).toBe(vouches);
  });
});
