import { expect, test } from '@jest/globals';
import { observeHost } from './observe.js';
import type { Runner } from './runner.js';

/** What `ip -j -d addr` says of a host with one device. */
const ADDR = JSON.stringify([
  { ifname: 'eth0', mtu: 1500, flags: ['UP'], addr_info: [{ family: 'inet', local: '10.9.1.10', prefixlen: 24, scope: 'global' }] },
]);

/** Programs that find nothing of ours, beside those in `answers`. */
function observed(
  answers: Readonly<Record<string, string>>,
  sysctls: ReadonlyMap<string, string> = new Map(),
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
    ['10.9.1.10'],
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
