/**
 * What a pass publishes of its node, in its MeshNode.
 */
import { withObservedEndpoints, withProblems } from '../core/api/meshNode.js';
import { discover } from '../core/host/discover.js';
import { lastAddresses } from '../core/host/lastAddresses.js';
import { isTraceless } from '../core/kilo/traces.js';
import { KILO_ANNOTATION } from '../core/api/names.js';
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
  const present = inputs.meshNodes.find((one) => one.metadata.name === deps.nodeName);
  const last = lastAddresses(
    node,
    present,
    observed.addresses.map(({ address }) => address),
  );
  const found = discover({
    node: last.node,
    mesh: mesh.spec,
    addresses: observed.addresses,
    publicKey: deps.publicKey,
    kilo: kilo.running !== undefined ? 'running' : isTraceless(kilo.traces) ? undefined : 'left',
  });
  const unsaid = unsaidProblems(deps.nodeName, last.kept);
  deps.problemLog.tell('discover', [...found.problems, ...unsaid]);
  const spec = withObservedEndpoints(
    withProblems(found.spec, [...failure, ...found.problems, ...unsaid, ...problems]),
    observedEndpoints.endpoints,
  );
  const failed = await deps.publisher.publish(node, spec, present);
  if (failed !== undefined) deps.log.warn('This node could not be published; the host is kept up nevertheless', { reason: failed });
  return failed === undefined && observedEndpoints.isCurrent;
}

function unsaidProblems(name: string, kept: readonly string[]): readonly Problem[] {
  if (kept.length === 0) return [];
  return [
    {
      subject: { kind: 'node', name },
      reason: 'InternalIPUnsaid',
      message: `its Node says no InternalIP now; ${kept.join(', ')}, the last one, counts while this host has it`,
      remedy: `the kubelet or the cloud says it again soon; to have none, annotate the Node with ${KILO_ANNOTATION.forceInternalIP}=-`,
    },
  ];
}
