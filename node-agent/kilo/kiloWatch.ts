/**
 * KiloWatch: watches for Kilo on this host. A host without traces of Kilo is read completely once, and after that only checked for Kilo's
 * agent, since reading many iptables rules may take long.
 *
 * An agent that is gone may be restarting. If it left something, it counts as running until it has been away for a while.
 */
import { recogniseKilo, NOTHING_KNOWN, type Confirmation, type HostTexts } from '../../core/kilo/recognise.js';
import { isTraceless, NO_TRACES, type KiloOnHost, type KiloTraces } from '../../core/kilo/traces.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { KiloHost } from './kiloHost.js';

export interface KiloWatch {
  /** @throws when the host cannot be read. */
  look(): Promise<KiloSight>;
  /** Removes all of `traces`. What failed, and why. */
  remove(traces: KiloTraces): Promise<readonly string[]>;
}

export interface KiloSight {
  /** `known`: what our mesh knows, by which more of Kilo's traces are certain. */
  recognise(known?: Confirmation): KiloOnHost;
}

/** `patienceMs`: how long Kilo's agent must have been away to count as ended. */
export function createKiloWatch(host: KiloHost, clock: Clock, patienceMs: number = PATIENCE_MS): KiloWatch {
  let clean = false;
  let awaySince: number | undefined;
  return {
    async look() {
      const running = await host.runs();
      awaySince = running === undefined ? (awaySince ?? clock.now()) : undefined;
      if (running === undefined && clean) return { recognise: () => ({ traces: NO_TRACES }) };
      const texts = await host.read();
      const traceless = isTraceless(recogniseKilo(texts, NOTHING_KNOWN));
      clean = running === undefined && traceless;
      const leftNow = awaySince !== undefined && !traceless && clock.now() - awaySince < patienceMs;
      return sightOf(running ?? (leftNow ? 'or did a few seconds ago, and may be restarting' : undefined), texts);
    },
    async remove(traces) {
      // Once in the life of a node, if at all.
      const { kiloRemoval } = await import('../../core/kilo/removal.js');
      return host.remove(kiloRemoval(traces));
    },
  };
}

const PATIENCE_MS = 5000;

function sightOf(running: string | undefined, texts: HostTexts): KiloSight {
  return {
    recognise: (known = NOTHING_KNOWN) => ({ ...(running === undefined ? {} : { running }), traces: recogniseKilo(texts, known) }),
  };
}
