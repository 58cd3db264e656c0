/**
 * What others are told of where this node hears far gateways. It changes at most every five seconds, so that a gateway that moves
 * all the time costs the rest of the cluster little.
 */
import type { Heard } from '../core/api/meshNode.js';
import { textOf } from '../core/host/hear.js';
import type { Clock } from '../core/runtime/clock.js';

export interface HeardNews {
  readonly heard: readonly Heard[];
  /** False: there is something newer, which must wait. */
  readonly settled: boolean;
}

export function createHeardNews(clock: Clock): (found: readonly Heard[]) => HeardNews {
  let heard: readonly Heard[] = [];
  let changedAt = Number.NEGATIVE_INFINITY;
  return (found) => {
    if (found.map(textOf).join() === heard.map(textOf).join()) return { heard, settled: true };
    if (clock.now() - changedAt < REST_MS) return { heard, settled: false };
    heard = found;
    changedAt = clock.now();
    return { heard, settled: true };
  };
}

const REST_MS = 5000;
