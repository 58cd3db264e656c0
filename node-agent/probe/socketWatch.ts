/**
 * Opens the sockets that probing wants, again and again until it has them, and says which have been missing for a while.
 */
import { isDeepStrictEqual } from 'node:util';
import type { MissingSocket } from '../../core/failover/socketProblems.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { ProbeSockets } from './sockets.js';

interface SocketWatch {
  /** From now on these are wanted, and no others. */
  want(addresses: readonly string[], ports: readonly number[]): void;
  /** Tries what is not open. True: `missing` is another now. */
  refresh(): boolean;
  /** What could not be opened for some seconds. */
  missing(): readonly MissingSocket[];
}

export function createSocketWatch(sockets: Pick<ProbeSockets, 'want' | 'missing'>, clock: Pick<Clock, 'now'>): SocketWatch {
  let wanted: { readonly addresses: readonly string[]; readonly ports: readonly number[] } = { addresses: [], ports: [] };
  let missing: readonly MissingSocket[] = [];
  let missingSince: number | undefined;
  return {
    want(addresses, ports) {
      wanted = { addresses, ports };
    },
    refresh() {
      sockets.want(wanted.addresses, wanted.ports);
      const now = sockets.missing();
      if (now.length === 0) missingSince = undefined;
      else missingSince ??= clock.now();
      const isLasting = missingSince === undefined || clock.now() - missingSince >= PATIENCE_MS;
      if (!isLasting || isDeepStrictEqual(now, missing)) return false;
      missing = now;
      return true;
    },
    missing: () => missing,
  };
}

/** An address comes with the first pass, and an agent before this one goes within a second. */
const PATIENCE_MS = 5000;
