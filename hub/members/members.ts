/**
 * The members that the sources declare: added, told of new kubeconfigs, and removed while the hub runs.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { Source, SourceProblem } from './declaration.js';
import type { Member } from './member.js';
import { mergeDeclarations } from './mergeDeclarations.js';

export interface Members {
  /** Sorted by id. */
  list(): readonly Member[];
  problems(): readonly SourceProblem[];
  /** Has every source been read? */
  complete(): boolean;
  /** Certainly not declared: every source was read, and it has been in none for a while. */
  isGone(id: string): boolean;
  run(signal: AbortSignal): Promise<void>;
}

export interface MembersDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly sources: readonly Source[];
  readonly create: (id: string) => Member;
  /** Runs the member until the signal aborts. */
  readonly added: (member: Member, signal: AbortSignal) => void;
  /** It is not in the list any more; its signal aborts when this is done. */
  readonly removed: (member: Member) => Promise<void>;
  /** The sources were read. */
  readonly read: () => void;
  /** Ids that are not declared are known to be gone now. */
  readonly gone: () => void;
}

/** A kubeconfig may be deleted and written again in its place. */
const REMOVAL_GRACE_MS = 1_000;
/** What was a member of an earlier process is only gone when the sources had time to be complete. */
const STRANGER_GRACE_MS = 10_000;

export function createMembers(deps: MembersDeps): Members {
  const running = new Map<string, { readonly member: Member; readonly stop: AbortController }>();
  /** Seen to go by this process. */
  const departed = new Set<string>();
  const removals = new Map<string, () => void>();
  let merged = mergeDeclarations(deps.sources.map((source) => source.read()));
  let list: readonly Member[] = [];
  let strangersAreGone = false;

  function refreshList(): void {
    list = [...running.values()].map(({ member }) => member).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  function remove(id: string): void {
    removals.delete(id);
    const entry = running.get(id);
    if (entry === undefined) return;
    running.delete(id);
    departed.add(id);
    refreshList();
    deps.log.info('member removed', { member: id });
    void deps.removed(entry.member).finally(() => entry.stop.abort());
    deps.gone();
  }

  function reconcile(signal: AbortSignal): void {
    if (signal.aborted) return;
    merged = mergeDeclarations(deps.sources.map((source) => source.read()));
    for (const problem of merged.problems) deps.log.warn('a kubeconfig cannot be used', { origin: problem.origin, reason: problem.message });
    const declared = new Set(merged.declarations.map(({ id }) => id));
    for (const declaration of merged.declarations) {
      removals.get(declaration.id)?.();
      removals.delete(declaration.id);
      const known = running.get(declaration.id);
      const entry = known ?? { member: deps.create(declaration.id), stop: new AbortController() };
      entry.member.declare(declaration);
      if (known !== undefined) continue;
      running.set(declaration.id, entry);
      refreshList();
      deps.log.info('member added', { member: declaration.id, origin: declaration.origin });
      deps.added(entry.member, anyOf(signal, entry.stop.signal));
    }
    deps.read();
    if (!merged.complete) return;
    for (const id of running.keys()) {
      if (!declared.has(id) && !removals.has(id)) removals.set(id, deps.clock.after(REMOVAL_GRACE_MS, () => remove(id)));
    }
  }

  return {
    list: () => list,
    problems: () => merged.problems,
    complete: () => merged.complete,
    isGone: (id) => merged.complete && (strangersAreGone || departed.has(id)) && !running.has(id) && !merged.declarations.some((each) => each.id === id),
    async run(signal) {
      let cancel: (() => void) | undefined;
      const changed = (): void => {
        reconcile(signal);
        if (merged.complete) cancel ??= deps.clock.after(STRANGER_GRACE_MS, () => {
          strangersAreGone = true;
          deps.gone();
        });
      };
      await Promise.all(deps.sources.map((source) => source.run(changed, signal)));
      cancel?.();
      for (const stop of removals.values()) stop();
    },
  };
}

/** A member has a listener per watch and request, more than Node takes for a leak. */
function anyOf(...signals: readonly AbortSignal[]): AbortSignal {
  const any = AbortSignal.any([...signals]);
  setMaxListeners(0, any);
  return any;
}
