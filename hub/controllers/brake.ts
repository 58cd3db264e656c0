/**
 * The brake on deletions in one target: what is missing in a member may be deleted here, but when that is much of what the
 * member has here, the member is asked for everything a second time first (core/diff/brake.ts).
 */
import { deletionBrake } from '../../core/diff/brake.js';
import type { Clock } from '../../core/runtime/clock.js';

export interface BrakeSource {
  readonly id: string;
  /** Complete lists of the resource so far. */
  lists(): number;
  relist(): void;
  /** The cluster is the one that is registered under this id. */
  recognised(): boolean;
}

export interface DeletionRequest {
  /** What is being reconciled. */
  readonly key: string;
  /** Where it is missing. */
  readonly source: BrakeSource;
  readonly deleting: number;
  /** How many objects of the member are here. */
  readonly present: () => number;
}

export interface Brake {
  /** Whether the objects may go now. If not, a second list was asked for: ask again soon. */
  allows(request: DeletionRequest): boolean;
  /** The key has nothing to delete any more. */
  release(key: string): void;
}

/** Deletions within this time are "at once". */
const WINDOW_MS = 10_000;

export function createBrake(clock: Clock): Brake {
  /** Per key that waits, the number of lists when it began to. */
  const wanted = new Map<string, number>();
  /** Per member, the number of lists when another one was asked for. */
  const asked = new Map<string, number>();
  const windows = new Map<string, { readonly began: number; readonly present: number; removed: number }>();

  function windowOf(source: string, present: () => number): { readonly present: number; removed: number } {
    const open = windows.get(source);
    if (open !== undefined && clock.now() - open.began < WINDOW_MS) return open;
    const fresh = { began: clock.now(), present: present(), removed: 0 };
    windows.set(source, fresh);
    return fresh;
  }

  return {
    allows({ key, source, deleting, present }) {
      const window = windowOf(source.id, present);
      const verdict = deletionBrake({
        present: window.present,
        removing: window.removed + deleting,
        lists: source.lists(),
        wantedAtLists: wanted.get(key),
        identityMatches: source.recognised(),
      });
      if (verdict.kind === 'go') {
        wanted.delete(key);
        window.removed += deleting;
        return true;
      }
      if (verdict.kind === 'confirm' && !wanted.has(key)) {
        wanted.set(key, source.lists());
        if (asked.get(source.id) !== source.lists()) source.relist();
        asked.set(source.id, source.lists());
      }
      return false;
    },
    release: (key) => void wanted.delete(key),
  };
}
