/**
 * What has happened to a node, for an Event of its MeshNode: it is no longer ready, for another reason than before, or ready again.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { PlannedCondition } from '../core/api/conditions.js';

interface NodeEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** Undefined: nothing that a person would want to know at once. `after`: what is written over the status of `node`. */
export function nodeEvent({ metadata: { name }, status }: MeshNode, after: readonly PlannedCondition[]): NodeEvent | undefined {
  const was = status?.conditions?.find(({ type }) => type === 'Ready');
  const now = after.find(({ type }) => type === 'Ready');
  if (now === undefined) return undefined;
  if (now.status === 'False')
    return was?.status === 'False' && was.reason === now.reason ? undefined : { type: 'Warning', reason: now.reason, note: now.message };
  return was?.status === 'False' ? { type: 'Normal', reason: 'Meshed', note: `${name} is in the mesh again` } : undefined;
}
