/**
 * Receive stall: the far gateway lives, and its tunnel receives nothing.
 *
 * Some kernels stop decrypting for one peer and never start again (threaded NAPI in wireguard, reverted in stable 6.6, 6.1 and 5.15),
 * and a peer that lost its session in a bad moment may be silent for long. Both look alike from here: the far gateway answers by an
 * alternate path and not by its own tunnel. Where there is no alternate path, see deadTunnel.ts. First the peer is recreated, which
 * costs a handshake; if that does not help, the whole interface, unless traffic uses it.
 */
import type { PathStatus } from '../failover/effects.js';
import { type NexthopName, nexthopName } from '../mesh/nexthopName.js';
import type { PathName } from '../mesh/probing.js';
import { NEVER, type TunnelCheck, type TunnelObservation } from './check.js';
import { answersByAlternate, type FailingTunnel, isFailing } from './failingTunnel.js';
import type { HostRepair } from './repair.js';

/** The last attempt at each stalled tunnel, by name of its path. */
type Attempts = ReadonlyMap<PathName, Attempt>;

interface Attempt {
  /** Milliseconds. */
  readonly at: number;
  /** The next step, and how long after this one. */
  readonly next: 'recreatePeer' | 'recreateInterface';
  readonly waitMs: number;
}

export const receiveStall: TunnelCheck<Attempts> = {
  initial: new Map(),
  check(state, { paths, choices, now }) {
    const stalled = stalledOf(paths, choices);
    const used = new Set([...choices.values()].flat());
    const attempts = recoveredOf(state, new Set(stalled.map(({ path }) => path.name)), now);
    const repairs: HostRepair[] = [];
    for (const status of stalled) {
      const { path } = status;
      const last = state.get(path.name) ?? { at: now, next: 'recreatePeer', waitMs: 0 };
      if (now - last.at < last.waitMs) {
        attempts.set(path.name, last);
        continue;
      }
      const kind = used.has(planeName(status)) ? 'recreatePeer' : last.next;
      attempts.set(
        path.name,
        last.next === 'recreatePeer'
          ? { at: now, next: 'recreateInterface', waitMs: SECOND_STEP_MS }
          : { at: now, next: 'recreatePeer', waitMs: AGAIN_MS },
      );
      repairs.push(
        kind === 'recreateInterface' ? { kind, plane: path.slot } : { kind, plane: path.slot, publicKey: path.targets[0]?.publicKey ?? '' },
      );
    }
    return { state: attempts, repairs, next: NEVER };
  },
};

/** A tunnel that carries traffic is none: what answered by the alternate path came by the tunnel itself. */
function stalledOf(paths: readonly PathStatus[], choices: TunnelObservation['choices']): readonly FailingTunnel[] {
  return paths
    .filter(isFailing)
    .filter(
      (status) =>
        status.forMs >= PATIENCE_MS &&
        answersByAlternate(status, paths) &&
        choices.get(status.path.segment)?.includes(planeName(status)) !== true,
    );
}

function planeName({ path }: FailingTunnel): NexthopName {
  return nexthopName({ kind: 'plane', slot: path.slot });
}

/** Attempts at tunnels that are not stalled now. A next stall starts with the peer again, but not within a minute. */
function recoveredOf(attempts: Attempts, stalled: ReadonlySet<PathName>, now: number): Map<PathName, Attempt> {
  return new Map(
    [...attempts]
      .filter(([name, { at }]) => !stalled.has(name) && now - at <= RELAPSE_MS)
      .map(([name, { at }]) => [name, { at, next: 'recreatePeer', waitMs: RELAPSE_MS }]),
  );
}

const PATIENCE_MS = 3000;
const SECOND_STEP_MS = 10_000;
const AGAIN_MS = 300_000;
const RELAPSE_MS = 60_000;
