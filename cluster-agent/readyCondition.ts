/**
 * The condition Ready of the Mesh, of MeshNodes and of Peers, made from problems: the gravest gives the reason.
 */
import type { PlannedCondition } from '../core/api/conditions.js';
import { type Problem, problemText } from '../core/api/problem.js';

interface Generated {
  readonly metadata: { readonly generation?: number | undefined };
}

/** So many problems are told in full; the rest is counted. */
const TOLD = 5;

/** `problems`: the gravest first. `note`: what to say of an object that is ready all the same. */
export function readyCondition(
  problems: readonly Problem[],
  { metadata: { generation = 0 } }: Generated,
  note: { readonly reason: string; readonly message: string } = MESHED,
): PlannedCondition {
  const [first] = problems;
  if (first === undefined)
    return { type: 'Ready', status: 'True', reason: note.reason, message: note.message, observedGeneration: generation };
  return { type: 'Ready', status: 'False', reason: first.reason, message: messageOf(problems), observedGeneration: generation };
}

const MESHED = { reason: 'Meshed', message: '' };

function messageOf(problems: readonly Problem[]): string {
  const texts = [...new Set(problems.map(problemText))];
  const more = texts.length > TOLD ? `; and ${texts.length - TOLD} more` : '';
  return `${texts.slice(0, TOLD).join('; ')}${more}`;
}
