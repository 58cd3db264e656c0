/**
 * How far back a key begins in Redis, so that the flow that added many does not hold up one that added few: the n-th key of a flow
 * that waits has priority n, and of equal ones the first in is the first out (core/workqueue/flows.ts does it in memory).
 */
import type { FlowOf } from '../../core/workqueue/flows.js';

interface Backlog {
  /** Redis is given `key`. @returns how many keys of its flow wait already */
  given(key: string): number;
  /** Redis handed out `key`. */
  taken(key: string): void;
  /** Nothing of what was given waits any more. */
  forget(): void;
}

export function createBacklog(flowOf: FlowOf): Backlog {
  const waiting = new Map<string, { readonly flow: string; readonly before: number }>();
  const counts = new Map<string, number>();
  return {
    given(key) {
      const known = waiting.get(key);
      if (known !== undefined) return known.before;
      const flow = flowOf(key);
      const before = counts.get(flow) ?? 0;
      waiting.set(key, { flow, before });
      counts.set(flow, before + 1);
      return before;
    },
    taken(key) {
      const known = waiting.get(key);
      if (known === undefined) return;
      waiting.delete(key);
      const left = (counts.get(known.flow) ?? 1) - 1;
      if (left > 0) counts.set(known.flow, left);
      else counts.delete(known.flow);
    },
    forget() {
      waiting.clear();
      counts.clear();
    },
  };
}
