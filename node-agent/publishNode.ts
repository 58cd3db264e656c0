/**
 * What a pass tells of its node: in the MeshNode, and of each problem once in the log.
 */
import { withHeard, withProblems } from '../core/api/meshNode.js';
import { discover } from '../core/host/discover.js';
import type { HostAddress } from '../core/host/parseIp.js';
import { isTraceless } from '../core/kilo/traces.js';
import type { Problem } from '../core/mesh/plan.js';
import type { Log } from '../core/runtime/log.js';
import type { HeardNews } from './heardNews.js';
import type { ClusterInputs } from './inputs.js';
import type { KiloSight } from './kilo/kiloWatch.js';
import type { Publisher } from './publish.js';

export interface PublishDeps {
  readonly log: Log;
  readonly nodeName: string;
  readonly publicKey: string;
  readonly publisher: Publisher;
}

export interface NodeNews {
  readonly inputs: ClusterInputs;
  readonly seen: { readonly addresses: readonly HostAddress[]; readonly kilo: KiloSight };
  /** What was told before, by subject. */
  readonly told: Map<string, string>;
  /** Found beside those of the Node itself. */
  readonly problems: readonly Problem[];
  readonly hearing: HeardNews;
}

/** Whether our MeshNode is as it should be. */
export async function publishNode(deps: PublishDeps, { inputs, seen, told, problems, hearing }: NodeNews): Promise<boolean> {
  const { mesh, node } = inputs;
  if (mesh === undefined || node === undefined) return true;
  const kilo = seen.kilo.recognise();
  const found = discover({
    node,
    mesh: mesh.spec,
    addresses: seen.addresses,
    publicKey: deps.publicKey,
    kilo: kilo.running !== undefined ? 'running' : isTraceless(kilo.traces) ? undefined : 'left',
  });
  tellProblems(deps.log, told, 'discover', found.problems);
  const spec = withHeard(withProblems(found.spec, [...found.problems, ...problems]), hearing.heard);
  const failed = await deps.publisher.publish(node, spec, inputs.meshNodes.find((one) => one.metadata.name === deps.nodeName));
  if (failed !== undefined) deps.log.warn('This node could not be published; the host is kept up nevertheless', { reason: failed });
  return failed === undefined && hearing.settled;
}

/** Each problem once, and again only after it changed. */
export function tellProblems(log: Log, told: Map<string, string>, about: string, problems: readonly Problem[]): void {
  const text = JSON.stringify(problems);
  if (told.get(about) === text || (problems.length === 0 && !told.has(about))) return;
  told.set(about, text);
  for (const { subject, reason, message } of problems) log.warn('A part of the mesh is left out', { subject, reason, explanation: message });
  if (problems.length === 0) log.info('All earlier problems are gone', { about });
}
