/**
 * Namespaces that the hub makes in one member, from when it asks for one until the watch tells of it: they count already, and are asked for
 * once.
 */
import type { Clock } from '../../core/runtime/clock.js';

export interface Making {
  /** False: it is being made already. */
  begin(name: string, exporter: string): boolean;
  failed(name: string): void;
  /** How many are being made for the exports of a member. */
  countFor(exporter: string): number;
}

interface MakingDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether the watch has told of it. */
  readonly isThere: (name: string) => boolean;
}

/** What the watch does not tell of for so long may have gone again. Milliseconds. */
export const MAKING_MS = 5_000;

export function createMaking({ clock, isThere }: MakingDeps): Making {
  const begun = new Map<string, { readonly exporter: string; readonly at: number }>();

  function settle(): void {
    for (const [name, { at }] of begun) if (isThere(name) || clock.now() - at >= MAKING_MS) begun.delete(name);
  }

  return {
    begin(name, exporter) {
      settle();
      if (begun.has(name)) return false;
      begun.set(name, { exporter, at: clock.now() });
      return true;
    },
    failed: (name) => void begun.delete(name),
    countFor(exporter) {
      settle();
      return [...begun.values()].filter((each) => each.exporter === exporter).length;
    },
  };
}
