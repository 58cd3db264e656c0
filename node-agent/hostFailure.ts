/**
 * A host that cannot be made what the mesh needs, as a problem of its node. One failure that the next try mends is none.
 */
import type { Problem } from '../core/api/problem.js';
import type { Clock } from '../core/runtime/clock.js';

interface HostFailure {
  /** What a pass could not do; nothing: it did everything. */
  note(failures: readonly string[]): void;
  /** For its MeshNode. */
  problems(): readonly Problem[];
}

export function createHostFailure(clock: Pick<Clock, 'now'>, nodeName: string): HostFailure {
  let since: number | undefined;
  let last: readonly string[] = [];
  return {
    note(failures) {
      since = failures.length === 0 ? undefined : (since ?? clock.now());
      last = failures;
    },
    problems() {
      if (since === undefined || clock.now() - since < PATIENCE_MS) return [];
      const more = last.length - TOLD;
      return [
        {
          subject: { kind: 'node', name: nodeName },
          reason: 'HostFailing',
          message: `its host cannot be made what the mesh needs: ${last.slice(0, TOLD).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
        },
      ];
    },
  };
}

const PATIENCE_MS = 3000;
const TOLD = 3;
