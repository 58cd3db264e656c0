/**
 * The order of waiting keys: flows are served in turn, and within a flow the first in is the first out.
 *
 * A flow is whatever may add many keys at once, in the hub a member. Without flows, what one adds waits behind all that another has
 * added before. (API Priority and Fairness of Kubernetes calls it so, and does the same with queues.)
 */
import { createFifo, type Fifo } from './fifo.js';

/** Of a key. The number of different flows is bounded by whoever chooses them. */
export type FlowOf = (key: string) => string;

interface Flows {
  push(key: string): void;
  shift(): string | undefined;
  readonly size: number;
}

export function createFlows(flowOf: FlowOf): Flows {
  const flows = new Map<string, Fifo<string>>();
  /** Exactly the flows that have keys, in the order of their turns. */
  const turns = createFifo<string>();
  let size = 0;
  return {
    push(key) {
      const name = flowOf(key);
      const flow = flows.get(name) ?? createFifo<string>();
      if (flow.size === 0) {
        flows.set(name, flow);
        turns.push(name);
      }
      flow.push(key);
      size += 1;
    },
    shift() {
      const name = turns.shift();
      const flow = name === undefined ? undefined : flows.get(name);
      if (name === undefined || flow === undefined) return undefined;
      const key = flow.shift();
      size -= 1;
      if (flow.size > 0) turns.push(name);
      else flows.delete(name);
      return key;
    },
    get size() {
      return size;
    },
  };
}
