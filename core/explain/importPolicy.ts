/**
 * How one member chooses among the exporters of a Service, in words, by what says it. What makes no difference is left out.
 */
import { readPolicy } from '../services/choicePolicy.js';

/** `choice`: as the ServiceImport has it (EXPORT_ANNOTATION.choice); absent: all are alike. */
export function importPolicy(choice: string | undefined): Record<string, string> {
  const { affinity, prefer, weights, drained } = (choice === undefined ? undefined : readPolicy(choice)) ?? {};
  return {
    ...(affinity !== undefined && { affinity }),
    ...(prefer !== undefined && { prefer: prefer.map((tier) => tier.join(' and ')).join(', then ') }),
    ...(weights !== undefined && {
      weights: Object.entries(weights)
        .map(([id, weight]) => `${id}=${weight}`)
        .join(', '),
    }),
    ...(drained !== undefined && { drained: drained.join(', ') }),
  };
}
