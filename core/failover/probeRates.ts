/**
 * Keeps the probe rate of every path in step with the choices and with what falls silent.
 */
import type { PathName } from '../mesh/probing.js';
import type { Choices } from './choices.js';
import type { FailoverConfig } from './config.js';
import type { PathTable } from './pathTable.js';
import { pathUse, type PathUse, probeRate } from './probeRate.js';

interface ProbeRates {
  update(config: FailoverConfig, choices: Choices, isTransit: boolean, now: number): void;
  /** Whether traffic that could go elsewhere takes this path. */
  isInUse(path: PathName): boolean;
  /** Whether other paths in use are silent than at the last call. */
  hasSilenceChanged(now: number): boolean;
}

export function createProbeRates(table: PathTable): ProbeRates {
  let use: PathUse = { inUse: new Set(), substitutes: new Set() };
  let silentBefore = '';
  const isSilent = (name: PathName, now: number): boolean => table.get(name)?.probed.silentSince(now) !== undefined;
  return {
    update({ segments, isGateway }, choices, isTransit, now) {
      const before = use;
      use = pathUse(segments, choices, (name) => isSilent(name, now));
      for (const name of use.substitutes) if (!before.substitutes.has(name)) table.get(name)?.probed.probeBy(now);
      const input = { ...use, isGateway, isTransit, stateOf: (name: PathName) => table.get(name)?.probed.state() };
      for (const { path, probed } of table.all()) probed.setRate(probeRate(path, input), now);
    },
    isInUse: (path) => use.inUse.has(path),
    hasSilenceChanged(now) {
      const silent = [...use.inUse].filter((name) => isSilent(name, now)).join();
      const changed = silent !== silentBefore;
      silentBefore = silent;
      return changed;
    },
  };
}
