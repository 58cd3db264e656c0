/**
 * What a pass publishes of its node, in its MeshNode.
 */
import { withObservedEndpoints, withProblems } from '../core/api/meshNode.js';
import { discover } from '../core/host/discover.js';
import { isTraceless } from '../core/kilo/traces.js';
import type { Problem } from '../core/api/problem.js';
import type { Log } from '../core/runtime/log.js';
import type { PublishedEndpoints } from './tunnels/publishedEndpoints.js';
import type { ClusterInputs } from './inputs.js';
import type { ObservedHost } from './view/hostView.js';
import type { ProblemLog } from './problemLog.js';
import type { Publisher } from './publish.js';

interface PublishDeps {
  readonly log: Log;
  readonly nodeName: string;
  readonly publicKey: string;
  readonly publisher: Publisher;
  readonly problemLog: ProblemLog;
}

interface NodeFindings {
  readonly inputs: ClusterInputs;
  readonly observed: Pick<ObservedHost, 'addresses' | 'kilo'>;
  /** Found beside those of the Node itself. */
  readonly problems: readonly Problem[];
  /** Of the host, told before all others. */
  readonly failure: readonly Problem[];
  readonly observedEndpoints: PublishedEndpoints;
}

/** The host could not even be read: what our MeshNode says of the node stays, and it says that. */
export async function publishFailure(
  { log, nodeName, publisher }: Pick<PublishDeps, 'log' | 'nodeName' | 'publisher'>,
  inputs: ClusterInputs | undefined,
  problems: readonly Problem[],
): Promise<void> {
  const present = inputs?.meshNodes.find((one) => one.metadata.name === nodeName);
  if (inputs?.node === undefined || present === undefined || problems.length === 0) return;
  const failed = await publisher.publish(inputs.node, withProblems(present.spec, problems), present);
  if (failed !== undefined) log.warn('This node could not be published; the host is kept up nevertheless', { reason: failed });
}

/** Whether our MeshNode is as it should be. */
export async function publishNode(
  deps: PublishDeps,
  { inputs, observed, problems, failure, observedEndpoints }: NodeFindings,
): Promise<boolean> {
  const { mesh, node } = inputs;
  if (mesh === undefined || node === undefined) return true;
  const kilo = observed.kilo.recognise();
  const found = discover({
    node,
    mesh: mesh.spec,
    addresses: observed.addresses,
    publicKey: deps.publicKey,
    kilo: kilo.running !== undefined ? 'running' : isTraceless(kilo.traces) ? undefined : 'left',
  });
  deps.problemLog.tell('discover', found.problems);
  const spec = withObservedEndpoints(withProblems(found.spec, [...failure, ...found.problems, ...problems]), observedEndpoints.endpoints);
  const failed = await deps.publisher.publish(
    node,
    spec,
    inputs.meshNodes.find((one) => one.metadata.name === deps.nodeName),
  );
  if (failed !== undefined) deps.log.warn('This node could not be published; the host is kept up nevertheless', { reason: failed });
  return failed === undefined && observedEndpoints.isCurrent;
}
