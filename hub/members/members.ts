/**
 * The declared members: added, given new kubeconfigs, and removed while the hub runs.
 */
import { setMaxListeners } from 'node:events';
import { type Problem, problemText } from '../../core/api/problem.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { Result } from '../../core/runtime/result.js';
import type { RangeTerms } from '../records/admit/admitRange.js';
import type { Declaration, Source } from './declaration.js';
import type { Member } from './member.js';
import { mergeDeclarations } from './mergeDeclarations.js';

interface Members {
  /** Sorted by id. */
  list(): readonly Member[];
  problems(): readonly Problem[];
  /** Whether all sources have been read, and the list has what they declare. */
  complete(): boolean;
  /**
   * Whether it has left: this process knew it, and it has not been declared for a while; or a person said so. Who is only not declared may
   * have been forgotten, where the hub was made anew.
   */
  isGone(id: string): boolean;
  /** Whether this process has had it, or has it. */
  hasKnown(id: string): boolean;
  /** A person says that it has left. Refused while it is declared. */
  forget(id: string): Result<void>;
  run(signal: AbortSignal): Promise<void>;
}

interface MembersDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly sources: readonly Source[];
  readonly create: (id: string) => Member;
  /** Runs the member until the signal aborts. */
  readonly added: (member: Member, signal: AbortSignal) => void;
  /** Called after it left the list. Its signal aborts when the promise resolves. */
  readonly removed: (member: Member) => Promise<void>;
  /** Called after each read of the sources. */
  readonly read: () => void;
  /** How long a member stays that is not declared any more. Default: a minute. */
  readonly removalGraceMs?: number;
  /** Called when `isGone` may have become true for some id. */
  readonly gone: () => void;
}

/** A kubeconfig may be replaced by deleting and writing it, also by hand. */
const REMOVAL_GRACE_MS = 60_000;

export function createMembers(deps: MembersDeps): Members {
  const graceMs = deps.removalGraceMs ?? REMOVAL_GRACE_MS;
  const running = new Map<string, { readonly member: Member; readonly stop: AbortController }>();
  /** Members that this process removed, and those that a person forgot. */
  const departed = new Set<string>();
  /** Members that are not declared any more: when they go, and how to keep them. */
  const removals = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  let merged = mergeDeclarations(deps.sources.map((source) => source.read()));
  let list: readonly Member[] = [];
  /** Whether what was read is in the list. What a new member tells at once must not be taken for all that there is. */
  let settled = false;

  function insert(member: Member): void {
    const next = list.findIndex(({ id }) => id > member.id);
    list = list.toSpliced(next < 0 ? list.length : next, 0, member);
  }

  function remove(id: string): void {
    removals.get(id)?.cancel();
    removals.delete(id);
    const entry = running.get(id);
    if (entry === undefined) return;
    running.delete(id);
    departed.add(id);
    list = list.filter((member) => member !== entry.member);
    deps.log.info('Member removed', { member: id });
    void deps
      .removed(entry.member)
      .catch((error: unknown) => deps.log.error('A member could not be cleaned up', { member: id, error }))
      .finally(() => entry.stop.abort());
    deps.gone();
  }

  function reconcile(signal: AbortSignal): void {
    if (signal.aborted) return;
    const before = new Set(merged.problems.map(problemText));
    merged = mergeDeclarations(
      deps.sources.map((source) => source.read()),
      new Set(running.keys()),
    );
    for (const problem of merged.problems.filter((each) => !before.has(problemText(each))))
      deps.log.warn('What declares a member has a problem', { member: problem.cluster, reason: problemText(problem) });
    settled = false;
    const declared = new Set([...merged.declarations.map(({ id }) => id), ...merged.leftOut]);
    const ranges = rangesOf(merged.declarations);
    for (const declaration of merged.declarations) {
      removals.get(declaration.id)?.cancel();
      removals.delete(declaration.id);
      const known = running.get(declaration.id);
      const entry = known ?? { member: deps.create(declaration.id), stop: new AbortController() };
      entry.member.declare(
        declaration,
        ranges.filter(({ member }) => member !== declaration.id),
      );
      if (known !== undefined) continue;
      running.set(declaration.id, entry);
      insert(entry.member);
      deps.log.info('Member added', { member: declaration.id, origin: declaration.origin });
      deps.added(entry.member, anyOf(signal, entry.stop.signal));
    }
    settled = true;
    deps.read();
    if (!merged.complete) return;
    for (const id of running.keys()) {
      if (declared.has(id) || removals.has(id)) continue;
      deps.log.info('A member is not declared any more', { member: id, removedInSeconds: graceMs / 1000 });
      removals.set(id, { at: deps.clock.now() + graceMs, cancel: deps.clock.after(graceMs, () => remove(id)) });
    }
  }

  function isDeclared(id: string): boolean {
    return merged.declarations.some((each) => each.id === id) || merged.leftOut.includes(id);
  }

  function leaving(): Problem[] {
    return [...removals].map(([cluster, { at }]) => ({
      cluster,
      subject: { kind: 'member' },
      reason: 'Leaving',
      message:
        `its kubeconfig is not declared any more; in ${Math.max(1, Math.ceil((at - deps.clock.now()) / 1000))} s what came from it ` +
        'is deleted in the other members, and what came from them in it',
      remedy: `declare it again to keep it, or run kilofed forget member ${cluster} to have it at once`,
    }));
  }

  return {
    list: () => list,
    problems: () => [...merged.problems, ...leaving()],
    complete: () => merged.complete && settled,
    isGone: (id) => merged.complete && departed.has(id) && !running.has(id) && !isDeclared(id),
    hasKnown: (id) => departed.has(id) || running.has(id) || isDeclared(id),
    forget(id) {
      if (!merged.complete) return { ok: false, error: 'the sources of kubeconfigs were not read yet: try again' };
      const declared = merged.declarations.find((each) => each.id === id);
      if (declared !== undefined || isDeclared(id))
        return { ok: false, error: `${id} is declared by ${declared?.origin ?? 'a Secret that is left out'}: delete that first` };
      if (merged.partial === true && !running.has(id))
        return { ok: false, error: `not all Secrets that declare members could be read, and one of them may declare ${id}` };
      deps.log.info('A member was forgotten', { member: id });
      departed.add(id);
      if (running.has(id)) remove(id);
      else deps.gone();
      return { ok: true, value: undefined };
    },
    async run(signal) {
      await Promise.all(deps.sources.map((source) => source.run(() => reconcile(signal), signal)));
      for (const { cancel } of removals.values()) cancel();
    },
  };
}

/** Ranges that are declared for members. */
function rangesOf(declarations: readonly Declaration[]): RangeTerms['reserved'] {
  return declarations.flatMap(({ id: member, terms }) => (terms.allowedCIDRs ?? []).map((cidr) => ({ cidr, member })));
}

/** A member has a listener for each watch and request, more than the number that Node warns about. */
function anyOf(...signals: readonly AbortSignal[]): AbortSignal {
  const any = AbortSignal.any([...signals]);
  setMaxListeners(0, any);
  return any;
}
