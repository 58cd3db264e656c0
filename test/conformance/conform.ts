/**
 * One test of one rule, with the rule's number and text for its name, and a namespace of its own.
 */
import { test } from '@jest/globals';
import type { Cluster } from '../hub/cluster.js';
import { RULES, type RuleId } from './rules.js';
import type { Clusterset } from './world.js';

export interface Case extends Clusterset {
  /** In all clusters, unless `in` says another thing. */
  readonly ns: string;
}

const LIMIT_MS = 60_000;

interface ConformOptions {
  /** Where the namespace is at first. Default: everywhere. */
  readonly in?: (set: Clusterset) => readonly Cluster[];
}

export type Conform = (rule: RuleId, body: (on: Case) => Promise<void>, options?: ConformOptions) => void;

export function conformOn(set: () => Clusterset): Conform {
  return (rule, body, options = {}) => {
    const namespace = `r-${rule.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
    test(
      `${rule}: ${RULES[rule].text}`,
      async () => {
        const clusterset = set();
        const ns = await clusterset.namespace(namespace, options.in?.(clusterset));
        await body({ ...clusterset, ns });
      },
      LIMIT_MS,
    );
  };
}
