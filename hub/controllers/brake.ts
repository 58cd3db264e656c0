/**
 * The brake on deletions in one target. Mirrors of what is missing in a member may be deleted. If they are many of that member's
 * mirrors, its resource is listed a second time before (deletionBrake.ts).
 */
import type { Clock } from '../../core/runtime/clock.js';
import { deletionBrake } from './deletionBrake.js';

export interface Listing {
  readonly id: string;
  /** Complete lists of the resource so far. */
  lists(): number;
  relist(): void;
  /** The cluster is the one that is registered under this id. */
  recognised(): boolean;
}

interface DeletionRequest {
  /** The key that is being reconciled. */
  readonly key: string;
  /** Where the originals are missing. */
  readonly source: Listing;
  readonly deleting: number;
  /** How many mirrors of the member the target has. */
  readonly present: () => number;
}

export interface Brake {
  /** Whether the objects may be deleted now. If not, a second list was requested where that helps: ask again soon. */
  allows(request: DeletionRequest): boolean;
  /** The key no longer has anything to delete. */
  release(key: string): void;
}

/** Deletions within this time are "at once". */
const WINDOW_MS = 10_000;

export function createBrake(clock: Clock): Brake {
  /** By waiting key and by member: the number of lists when the wait began. */
  const wanted = new Map<string, Map<string, number>>();
  /** By member: the number of lists when another one was requested. */
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
        wantedAtLists: wanted.get(key)?.get(source.id),
        identityMatches: source.recognised(),
      });
      if (verdict.kind === 'go') {
        wanted.get(key)?.delete(source.id);
        window.removed += deleting;
        return true;
      }
      if (verdict.kind === 'confirm' && wanted.get(key)?.has(source.id) !== true) {
        wanted.set(key, (wanted.get(key) ?? new Map<string, number>()).set(source.id, source.lists()));
        if (asked.get(source.id) !== source.lists()) source.relist();
        asked.set(source.id, source.lists());
      }
      return false;
    },
    release: (key) => void wanted.delete(key),
  };
}
