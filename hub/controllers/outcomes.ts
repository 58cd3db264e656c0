/**
 * The outcome of the last reconcile of each key, for the status. Kept by target, since they are dropped with it.
 */
import type { Complaint, Problem } from '../../core/api/problem.js';
import { groupByName } from '../../core/mesh/groupByName.js';
import { firstByName } from '../../core/text/firstByName.js';

export interface Outcome {
  readonly state: 'done' | 'pending' | 'refused';
  /** Why it is not done, in a few words or a sentence. */
  readonly reason?: string;
  /** Name of the mirror's Service. */
  readonly service?: string;
  /** By exporter: why this member does not import it from there, for the exporter's ServiceExport. Only lasting reasons. */
  readonly blockers?: ReadonlyMap<string, string>;
  /** What this member lacks to import it, for the ServiceExport of every exporter. */
  readonly lacks?: string;
  /** Ids of those that have a part in the mirror, by precedence: the first gave it its shape. */
  readonly exporters?: readonly string[];
  /** Ids of members of whose part it is not known whether they still export it: it stays. */
  readonly unknown?: readonly string[];
  /** Of an export: it stands, for whoever may import it. */
  readonly exported?: true;
  /** Number of Peers. */
  readonly peers?: number;
  /** Each has its `cluster` set. */
  readonly problems: readonly Problem[];
  /** What it waits for, where many may wait for the same. */
  readonly awaits?: readonly Awaited[];
  /** What stops it and is told of something else, such as the pair: for whoever asks about this one alone. */
  readonly elsewhere?: readonly Complaint[];
}

/** Told once for all that wait for it. */
export interface Awaited {
  /** Equal for those of one target that wait for the same. */
  readonly group: string;
  /** What waits: `demo/web`. */
  readonly who: string;
  /** As it would be told of this one alone. */
  readonly problem: Omit<Problem, 'cluster'>;
}

export interface Outcomes {
  /** Returns the previous outcome. */
  set(target: string, key: string, outcome: Outcome | undefined): Outcome | undefined;
  get(target: string, key: string): Outcome | undefined;
  /** Of one target, by key. */
  of(target: string): ReadonlyMap<string, Outcome>;
  forget(target: string): void;
  problems(): readonly Problem[];
  /** Members that outcomes say are unknown, each with the targets in which something came from it. */
  unknown(): ReadonlyMap<string, ReadonlySet<string>>;
}

export function createOutcomes(): Outcomes {
  const byTarget = new Map<string, Map<string, Outcome>>();
  return {
    set(target, key, outcome) {
      const outcomes = byTarget.get(target) ?? new Map<string, Outcome>();
      byTarget.set(target, outcomes);
      const before = outcomes.get(key);
      if (outcome === undefined) outcomes.delete(key);
      else outcomes.set(key, outcome);
      return before;
    },
    get: (target, key) => byTarget.get(target)?.get(key),
    of: (target) => byTarget.get(target) ?? NONE,
    forget: (target) => void byTarget.delete(target),
    unknown() {
      const targets = new Map<string, Set<string>>();
      for (const [target, outcomes] of byTarget)
        for (const outcome of outcomes.values())
          for (const id of outcome.unknown ?? []) targets.set(id, (targets.get(id) ?? new Set()).add(target));
      return targets;
    },
    problems: () => [...byTarget].flatMap(([target, outcomes]) => problemsOf(target, outcomes)),
  };
}

function problemsOf(target: string, outcomes: ReadonlyMap<string, Outcome>): Problem[] {
  const all = [...outcomes.values()];
  const awaited = groupByName(
    all.flatMap(({ awaits = [] }) => awaits),
    ({ group }) => group,
  );
  return [...all.flatMap(({ problems }) => problems), ...awaited.map(([, group]) => ({ cluster: target, ...together(group) }))];
}

/** The problem of the first by name, and who else has it. */
function together(group: readonly Awaited[]): Omit<Problem, 'cluster'> {
  const { kept, leftOut } = firstByName(group, 1, ({ who }) => who);
  const { problem } = kept[0] as Awaited;
  return leftOut === undefined ? problem : { ...problem, message: `${problem.message} (the same holds for ${leftOut})` };
}

const NONE: ReadonlyMap<string, Outcome> = new Map();
