/**
 * How the last look at each key ended, for the status. Kept per target, since a target's outcomes go with it.
 */

export interface Outcome {
  readonly state: 'done' | 'pending' | 'refused';
  /** Why it is not done, in a few words or a sentence. */
  readonly reason?: string;
  /** Name of the Service that stands for an import. */
  readonly service?: string;
  /** Why it is not done, for the exporter's ServiceExport: only what lasts. */
  readonly hindrance?: string;
  /** How many Peers. */
  readonly peers?: number;
  readonly problems: readonly OutcomeProblem[];
}

export interface OutcomeProblem {
  /** The member it concerns. */
  readonly cluster: string;
  readonly subject: string;
  readonly reason: string;
  readonly message: string;
}

export interface Outcomes {
  /** Returns what it was before. */
  set(target: string, key: string, outcome: Outcome | undefined): Outcome | undefined;
  get(target: string, key: string): Outcome | undefined;
  forget(target: string): void;
  problems(): readonly OutcomeProblem[];
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
    forget: (target) => void byTarget.delete(target),
    problems: () => [...byTarget.values()].flatMap((outcomes) => [...outcomes.values()].flatMap((outcome) => outcome.problems)),
  };
}
