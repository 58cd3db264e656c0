/**
 * The host half of the node-agent on a kernel of its own, in a virtual machine, with that kernel's WireGuard.
 */
import { expect, test } from '@jest/globals';
import type { Ipip } from '../host/ipip.js';
import { runScenario, TIMEOUT_MS } from '../host/runScenario.js';
import type { Sessions } from '../host/sessions.js';
import { testAdopt, testFailing } from '../host/wireguardCases.js';
import { describeOnHost } from '../host/world.js';

describeOnHost('on a kernel of its own', () => {
  test(
    'WireGuard is found in the kernel; peers come, change and go, and the session of another one under 200 packets/s goes on',
    async () => {
      const result = await runScenario<Sessions>('sessions', '', 'auto');
      expect(result.failures).toEqual([]);
      expect([result.kinds, result.userspaceProcesses]).toEqual([['wireguard'], 0]);
      expect(result.again).toEqual([]);
      expect(result.commands.every((count) => count > 0)).toBe(true);
      expect(result.handshakes[1]).toBe(result.handshakes[0]);
      expect(result.handshakes[0]).toMatch(/^[1-9]\d+$/);
      expect(result.flow.sent).toBe(800);
      // On 5.10, a few of some thousand are lost when peers change.
      expect(result.flow.sent - result.flow.received).toBeLessThan(8);
      expect(result.roamedTo).toBe('10.0.0.67:51820');
      expect(result.guard.told).toMatch(/Unreachable|No route to host/);
      expect(result.guard.leaked).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    'IPIP carries, in IPIP and not in clear; what a stranger sends is dropped; and another device with our end is named',
    async () => {
      const result = await runScenario<Ipip>('ipip', '', 'kernel');
      expect(result.taken).toContain('somebody else has a device with local address 172.20.2.10 and no remote');
      expect(result.reached).toBe(true);
      expect(result.wire.ipip).toBeGreaterThan(0);
      expect(result.wire.clear).toBe(0);
      expect(result.stranger.arrived).toBeGreaterThan(0);
      expect(result.stranger.passed).toBe(0);
    },
    TIMEOUT_MS,
  );

  testAdopt('kernel');
  testFailing('kernel');
});
