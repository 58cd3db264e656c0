/**
 * How long it takes from a change to the writes that follow from it, by key: from when the hub heard of it, and from when it was made.
 */
import type { KubeObject } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Metrics, SourceKind } from '../api/metrics.js';
import { formatKey, type Key } from './keys.js';

/** What was changed in a member, and when, by the member's clocks, in milliseconds since 1970. */
export interface Origin {
  readonly kind: SourceKind;
  readonly at: number;
}

interface Waiting {
  /** When the first event was received that its key has not been reconciled for. */
  readonly seen: number;
  readonly origin?: Origin;
}

interface Latencies {
  /** An event asks for the key. */
  asked(key: Key, origin: Origin | undefined): void;
  /** A reconcile begins. */
  began(key: Key): Run;
  clear(): void;
}

interface Run {
  /** A write was acknowledged, or refused. */
  wrote(kind: KubeObject['kind']): void;
  /** `done`: what the events were about is done. If not, their time runs on. */
  ended(done: boolean): void;
}

/** What a member says of its clock is not the truth: no change counts as older. */
const OLDEST_MS = 3_600_000;
const SERVED: ReadonlySet<unknown> = new Set(['Service', 'EndpointSlice']);

export function createLatencies({ clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics }): Latencies {
  const waiting = new Map<string, Waiting>();
  return {
    asked(key, origin) {
      const text = formatKey(key);
      const before = waiting.get(text);
      if (before?.origin !== undefined) return;
      waiting.set(text, { seen: before?.seen ?? clock.now(), ...(origin !== undefined && { origin }) });
    },
    began(key) {
      const text = formatKey(key);
      const since = waiting.get(text);
      waiting.delete(text);
      let wrote = false;
      let servedAt: number | undefined;
      return {
        wrote(kind) {
          wrote = true;
          if (SERVED.has(kind)) servedAt = clock.wall();
        },
        ended(done) {
          if (since === undefined) return;
          if (!done && !waiting.has(text)) waiting.set(text, since);
          if (!done || !wrote) return;
          metrics.propagated(key.kind, (clock.now() - since.seen) / 1000);
          if (since.origin === undefined || servedAt === undefined) return;
          metrics.followed(since.origin.kind, Math.min(Math.max(0, servedAt - since.origin.at), OLDEST_MS) / 1000);
        },
      };
    },
    clear: () => waiting.clear(),
  };
}
