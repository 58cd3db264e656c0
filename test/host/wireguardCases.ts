/**
 * What depends on what WireGuard is: the kernel's and userspace are to do the same.
 */
import { expect, test } from '@jest/globals';
import type { Adopt } from './adopt.js';
import type { Drift } from './drift.js';
import type { Failing } from './failing.js';
import type { Join } from './join.js';
import { remoteKey } from './plans.js';
import type { Restart } from './restart.js';
import { runScenario, TIMEOUT_MS } from './runScenario.js';

type Wireguard = 'userspace' | 'kernel';

export function describeWireguard(wireguard: Wireguard): void {
  for (const define of [testAdopt, testFailing, testRestart, testDrift, testJoin]) define(wireguard);
}

export function testAdopt(wireguard: Wireguard): void {
  test(
    'applies a full plan, finds it again without a change, changes little, and leaves nothing',
    async () => {
      const result = await runScenario<Adopt>('adopt', '', wireguard);
      expect(result.first.failures).toEqual([]);
      expect(result.first.commands).toBeGreaterThan(40);
      expect(result.second).toEqual([]);
      expect(result.endpoint).toEqual(
        [0, 1].map((plane) => `wg set kilo${plane} peer ${remoteKey('east', plane)} endpoint 10.0.0.77:51820`),
      );
      expect(result.roamed).toEqual([]);
      expect(result.group).toEqual([expect.stringMatching(/^ip nexthop replace id [0-9]+ group 1073741826 protocol 107$/)]);
      expect(result.psk).toEqual([0, 1].map((plane) => `wg set kilo${plane} peer ${remoteKey('east', plane)} preshared-key (file)`));
      expect(result.moved.map((text) => text.includes('remove'))).toEqual([false, false, true, true]);
      expect(result.afterAll).toEqual([]);
      expect(result.cleaned.failures).toEqual([]);
      expect(result.cleaned.again).toEqual([]);
      expect(result.cleaned.after).toBe(result.cleaned.before);
    },
    TIMEOUT_MS,
  );
}

export function testFailing(wireguard: Wireguard): void {
  test(
    'does what can be done, names what cannot, and mends it later',
    async () => {
      const result = await runScenario<Failing>('failing', '', wireguard);
      const taken = { userspace: 'File exists', kernel: 'RTNETLINK answers: File exists' }[wireguard];
      expect(result.blocked[0]).toBe(`ip link add kilo1 type wireguard: ${taken}`);
      expect(result.blocked.slice(1).every((text) => text.endsWith('is missing'))).toBe(true);
      expect(result.goodRoute).toContain('dev kilo0');
      expect(result.mended).toEqual({ failures: [], again: [] });
      expect(result.portTaken.explained[0]?.split('Address already in use: ')[1]).toBe(
        'something else has UDP port 51820 (ss -ulnp tells what): end it, or choose another spec.port in the Mesh',
      );
      expect(result.portTaken).toMatchObject({ mended: [], again: [] });
      expect(result.badPeer.failures.every((text) => text.includes('10.46.0.0/33'))).toBe(true);
      expect(result.badPeer.failures).toHaveLength(4);
      expect(result.badPeer.peers).toBe(3);
      expect(result.badPeer.goodRoute).toContain('dev kilo0');
    },
    TIMEOUT_MS,
  );
}

function testRestart(wireguard: Wireguard): void {
  test(
    'killed and started again it changes nothing, and cleans up on request',
    async () => {
      const result = await runScenario<Restart>('restart', '', wireguard);
      expect(result.plannedBefore).toContain('ip link add kilo0 type wireguard');
      expect(result.firstChanges).toBeGreaterThan(10);
      const device = { userspace: /^link \d+ of process \d+$/, kernel: /^link \d+$/ }[wireguard];
      expect(result.devices.before).toEqual([expect.stringMatching(device), expect.stringMatching(device)]);
      expect(result.devices.afterKill).toEqual(result.devices.before);
      expect(result.devices.afterTerm).toEqual(result.devices.before);
      expect(result.plannedAfter).toBe('Nothing to change.\n');
      expect(result.secondChanges).toBe(0);
      expect(result.terminated).toBe(0);
      expect(result.cleaned).toMatch(/^Removed [0-9]+ things\.\n$/);
      expect(result.difference).toBe('');
    },
    TIMEOUT_MS,
  );
}

function testDrift(wireguard: Wireguard): void {
  test(
    'puts back what somebody else removed, and touches nothing else',
    async () => {
      const result = await runScenario<Drift>('drift', '', wireguard);
      expect(result.routeBackMs).toBeLessThan(5000);
      expect(result.deviceBackMs).toBeLessThan(8000);
      expect(result.otherKept).toBe(true);
      expect(result.health).toBe('matched\n');
    },
    TIMEOUT_MS,
  );
}

function testJoin(wireguard: Wireguard): void {
  test(
    'three agents join two locations; a switch of planes and a restart under 200 packets/s lose nothing',
    async () => {
      const result = await runScenario<Join>('join', '', wireguard);
      expect(Object.entries(result.pings).filter(([, ok]) => !ok)).toEqual([]);
      expect(Object.keys(result.pings)).toHaveLength(6);
      expect(result.switched).toEqual({ sent: 800, received: 800, switches: 20 });
      expect(result.bothPlanesUsed).toBe(true);
      expect(result.restarted).toEqual({ sent: 800, received: 800, changes: 0 });
    },
    TIMEOUT_MS,
  );
}
