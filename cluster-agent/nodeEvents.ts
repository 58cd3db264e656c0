/**
 * What has happened to the host of a node, for an Event of its MeshNode: it cannot be made what the mesh needs, or its firewall cuts it
 * off, or neither any more. Other reasons come from objects that somebody has just written, and sees.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { Reason } from '../core/api/reasons.js';
import type { PlannedCondition } from '../core/api/conditions.js';

const OF_THE_HOST: readonly string[] = ['HostFailing', 'FirewallDrops'] satisfies readonly Reason[];

interface NodeEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** Undefined: nothing that a person would want to know at once. `after`: what is written over the status of `node`. */
export function nodeEvent({ metadata: { name }, status }: MeshNode, after: readonly PlannedCondition[]): NodeEvent | undefined {
  const was = status?.conditions?.find(({ type }) => type === 'Ready');
  const now = after.find(({ type }) => type === 'Ready');
  if (now === undefined || was?.reason === now.reason) return undefined;
  if (OF_THE_HOST.includes(now.reason)) return { type: 'Warning', reason: now.reason, note: now.message };
  return was !== undefined && OF_THE_HOST.includes(was.reason) && now.status === 'True'
    ? { type: 'Normal', reason: 'Meshed', note: `${name} is in the mesh again` }
    : undefined;
}
