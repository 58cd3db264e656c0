/**
 * The host half of the node-agent on a kernel of its own, in a virtual machine, with that kernel's WireGuard.
 */
import { expect, test } from '@jest/globals';
import type { Ipip } from '../host/ipip.js';
import { runScenario, TIMEOUT_MS } from '../host/runScenario.js';
import { testAdopt, testFailing } from '../host/wireguardCases.js';
import { describeOnHost } from '../host/world.js';

describeOnHost('on a kernel of its own', () => {
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
