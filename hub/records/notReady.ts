/**
 * What a member's cluster-agent says is wrong with its Mesh, its MeshNodes and its Peers: their condition Ready, in the member's words.
 */
import type { Problem } from '../../core/api/problem.js';
import { isReason, type Reason } from '../../core/api/reasons.js';
import { type ObservedConditions, observedConditions } from '../../core/observed/conditions.js';
import { readObject } from '../../core/observed/readObject.js';
import { firstByName } from '../../core/text/firstByName.js';

export interface NotReady {
  readonly reason: Reason;
  readonly message: string;
}

/** Code units of what a member says of an object. */
const LONGEST_MESSAGE = 1_000;
/** Nodes that are told one by one. */
const NAMED = 20;

/** Undefined: it is ready, or its cluster-agent has not looked at it as it is now. */
export function notReady({ metadata, status }: ObservedConditions): NotReady | undefined {
  const refused = (status?.conditions ?? []).find((each) => each.type === 'Ready' && each.status === 'False');
  // A condition about an older spec may not apply any more.
  if (refused === undefined || (refused.observedGeneration ?? metadata.generation) !== metadata.generation) return undefined;
  return { reason: isReason(refused.reason) ? refused.reason : 'NotReady', message: refused.message.slice(0, LONGEST_MESSAGE) };
}

/** Of an object that is read for other things, too: there it is told if it is malformed. */
export function notReadyOf(object: unknown): NotReady | undefined {
  const read = readObject(observedConditions, object);
  return read.ok ? notReady(read.value) : undefined;
}

/** `nodes`: by name. That the Mesh has nodes which are not ready is told of the nodes. */
export function readyProblems(mesh: NotReady | undefined, nodes: ReadonlyMap<string, NotReady>): Problem[] {
  const { kept } = firstByName([...nodes], NAMED, ([name]) => name);
  const problems = kept.map(([name, why]): Problem => ({ subject: { kind: 'node', name }, ...why }));
  const more = nodes.size - kept.length;
  if (more > 0) problems.push({ subject: { kind: 'mesh' }, reason: 'NodesNotReady', message: `${more} more of its nodes are not ready` });
  if (mesh !== undefined && (mesh.reason !== 'NodesNotReady' || nodes.size === 0)) problems.push({ subject: { kind: 'mesh' }, ...mesh });
  return problems;
}
