/**
 * Which WireGuard the lab's agents use. Userspace by default, whatever the kernel has, so that a test does the same on every machine;
 * `WIREGUARD=kernel` in the environment runs a suite with the kernel's, `WIREGUARD=auto` with what an agent chooses by itself.
 */
import type { WireguardMode } from '../../node-agent/host/wireguard.js';

const MODES: readonly WireguardMode[] = ['auto', 'kernel', 'userspace'];

export const WIREGUARD: WireguardMode = modeOf(process.env['WIREGUARD'] ?? 'userspace');

function modeOf(text: string): WireguardMode {
  const mode = MODES.find((one) => one === text);
  if (mode === undefined) throw new Error(`WIREGUARD is "${text}": write ${MODES.join(', ')}, or leave it out`);
  return mode;
}
