/**
 * While Kilo's agent holds `kilo0`, which would be our plane 0, that interface is not ours.
 */
import type { HostState } from '../../core/host/state.js';

export const KILO_INTERFACE = 'kilo0';

export function withoutKilo(observed: HostState): HostState {
  const others = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> => new Map([...map].filter(([name]) => name !== KILO_INTERFACE));
  return { ...observed, links: others(observed.links), wireguard: others(observed.wireguard) };
}
