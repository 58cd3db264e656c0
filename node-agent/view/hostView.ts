/**
 * HostView: what the agent knows of its host and last planned for it, remembered from pass to pass, so that one change costs one command.
 *
 * The host is read again when something says that the memory is wrong, when the node's addresses change, and after 30 s. Passes write
 * here. What must act between passes (a switch, a tunnel repair) acts on what stands here, and needs no agent.
 */
import type { Change } from '../../core/host/change.js';
import { createHostModel, type HostModel } from '../../core/host/hostModel.js';
import type { HostAddress } from '../../core/host/parseIp.js';
import type { Path } from '../../core/host/parsePaths.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Host } from '../host/host.js';
import type { KiloSight, KiloWatch } from '../kilo/kiloWatch.js';
import { type Roamed, roamedAddresses } from './pathMtu.js';

export interface HostView {
  /** The host as it was read last, or is read now. `internalIPs`: of the Node object. */
  observe(internalIPs: readonly string[]): Promise<ObservedHost>;
  /** The memory may be wrong: the next `observe` reads. Said while the host is being read, it counts for the time after. */
  invalidate(): void;
  /** The memory is wrong: nothing acts on it until the host has been read again. */
  forget(): void;
  setPlan(plan: NodePlan): void;
  /** The last plan; undefined: there is none yet. */
  plan(): NodePlan | undefined;
  /** What to act on between passes; undefined: there is no plan yet, or the host must be read first. */
  current(): CurrentHost | undefined;
  /** Makes changes outside of a pass; the next pass reads the host. */
  change(changes: readonly Change[], signal: AbortSignal): Promise<void>;
}

export interface CurrentHost {
  readonly model: HostModel;
  readonly plan: NodePlan;
}

export interface ObservedHost {
  readonly model: HostModel;
  readonly addresses: readonly HostAddress[];
  /** The endpoints that peers had last. */
  readonly roamed: readonly Roamed[];
  /** The underlay paths that were asked for since, by address; null: there is none. */
  readonly paths: Map<string, Path | null>;
  readonly kilo: KiloSight;
}

interface HostViewDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly host: Pick<Host, 'observe' | 'apply'>;
  readonly kilo: Pick<KiloWatch, 'look'>;
}

interface Reading {
  readonly observed: ObservedHost;
  readonly internalIPs: string;
  readonly at: number;
  /** How often the memory had been called wrong when the reading began. */
  readonly invalidations: number;
}

export function createHostView({ clock, host, kilo }: HostViewDeps): HostView {
  let reading: Reading | undefined;
  let planned: NodePlan | undefined;
  let invalidations = 0;

  const isCurrent = (one: Reading, internalIPs: string): boolean =>
    one.invalidations === invalidations && one.internalIPs === internalIPs && clock.now() - one.at < REFRESH_MS;

  async function read(internalIPs: readonly string[]): Promise<ObservedHost> {
    const [{ state, addresses }, sight] = await Promise.all([host.observe(internalIPs), kilo.look()]);
    return { model: createHostModel(state), addresses, kilo: sight, roamed: roamedAddresses(state), paths: new Map() };
  }

  return {
    async observe(addresses) {
      const internalIPs = addresses.join();
      if (reading !== undefined && isCurrent(reading, internalIPs)) return reading.observed;
      const before = invalidations;
      const observed = await read(addresses);
      reading = { observed, internalIPs, at: clock.now(), invalidations: before };
      return observed;
    },
    invalidate() {
      invalidations += 1;
    },
    forget() {
      reading = undefined;
    },
    setPlan(plan) {
      planned = plan;
    },
    plan: () => planned,
    current: () => (reading === undefined || planned === undefined ? undefined : { model: reading.observed.model, plan: planned }),
    async change(changes, signal) {
      if (reading === undefined) return;
      try {
        await host.apply(reading.observed.model, changes, signal);
      } finally {
        invalidations += 1;
      }
    },
  };
}

/** How long the memory is trusted. */
const REFRESH_MS = 30_000;
