import { expect, test } from '@jest/globals';
import { observeHost } from './observe.js';
import type { Runner } from './runner.js';

/** What `ip -j -d addr` says of a host with a device for each family. */
const ADDR = JSON.stringify([
  { ifname: 'eth0', mtu: 1500, flags: ['UP'], addr_info: [{ family: 'inet', local: '10.9.1.10', prefixlen: 24, scope: 'global' }] },
  { ifname: 'eth1', mtu: 9000, flags: ['UP'], addr_info: [{ family: 'inet6', local: 'fd00:9:1::10', prefixlen: 64, scope: 'global' }] },
]);

/** Programs that find nothing of ours, beside those in `answers`. */
function observed(
  answers: Readonly<Record<string, string>>,
  sysctls: ReadonlyMap<string, string> = new Map(),
  internalIPs: readonly string[] = ['10.9.1.10'],
): ReturnType<typeof observeHost> {
  const runner: Runner = {
    run(argv) {
      const command = argv.join(' ');
      const message = answers[command] ?? (command.startsWith('nft') ? 'No such file or directory' : undefined);
      if (message !== undefined) return Promise.resolve({ ok: false, kind: 'exit', message, stdout: '', command });
      return Promise.resolve({ ok: true, stdout: command === 'ip -j -d addr' ? ADDR : '[]' });
    },
  };
  return observeHost(
    {
      runner,
      sysctls: { read: () => Promise.resolve(sysctls), write: () => Promise.resolve(undefined) },
      cni: { read: () => Promise.resolve(undefined) },
      forward: { read: () => Promise.resolve(new Map()) },
      wall: () => 0,
    },
    internalIPs,
  );
}

test('report 14: a host without IPv6 is read, and said to have none', async () => {
  const { state } = await observed({ 'ip -j -6 rule': 'RTNETLINK answers: Address family not supported by protocol; Dump terminated' });
  expect(state).toMatchObject({ underlay: { dev: 'eth0' }, withoutIpv6: true });
});

test('what else keeps its rules from being read fails the observation', async () => {
  await expect(observed({ 'ip -j -6 rule': 'Operation not permitted' })).rejects.toThrow('ip -j -6 rule: Operation not permitted');
});

test.each([
  ['1', true],
  ['0', undefined],
])('disable_ipv6=%s of lo', async (value, without) => {
  const { state } = await observed({}, new Map([['net/ipv6/conf/lo/disable_ipv6', value]]));
  expect(state.withoutIpv6).toBe(without);
});

const FIRST = { dev: 'eth0', mtu: 1500 };
const SECOND = { dev: 'eth1', mtu: 9000 };

test.each([
  ['report 5: each family has its device', ['10.9.1.10', 'fd00:9:1::10'], { ...FIRST, inet6: SECOND }],
  ['in any order', ['fd00:9:1::10', '10.9.1.10'], { ...FIRST, inet6: SECOND }],
  ['IPv6 alone', ['fd00:9:1::10'], SECOND],
  ['one that is not here', ['10.9.1.11', 'fd00:9:1::10'], SECOND],
  ['none', [], undefined],
])('the underlay: %s', async (_what, internalIPs, underlay) => {
  expect((await observed({}, new Map(), internalIPs)).state.underlay).toEqual(underlay);
});
