/**
 * Why no packet of a member that has the mirror gets to an endpoint of any exporter. Of several exporters it tells of the one whose
 * packets get farthest.
 */
import type { Finding } from '../api/explanation.js';
import type { EndpointFact, ExporterFacts, ImporterFacts, PathFact } from './facts.js';
import { findingOf, inOrder } from './steps.js';
import { DRAINED } from './whyNotChosen.js';

/** `others`: the exporters, not the importer itself; at least one. */
export function packetStop(facts: ImporterFacts, others: readonly ExporterFacts[], service: string): Finding | undefined {
  return inOrder(others.map((from) => stopFrom(from, facts, service))).at(-1);
}

function stopFrom(from: ExporterFacts, facts: ImporterFacts, service: string): Finding {
  const { cluster } = from;
  const [namespace, name] = service.split('/');
  const look = `kubectl -n ${namespace} get endpointslices -l kubernetes.io/service-name=${name}`;
  if (from.endpoints?.length === 0) {
    return {
      step: 'endpoints',
      cluster,
      reason: 'NoEndpoints',
      message: `${service} has no endpoint in ${cluster}: no pod there matches its selector`,
      remedy: `start its pods, or correct its selector: kubectl -n ${namespace} describe service ${name}`,
    };
  }
  if (portsDiffer(from)) {
    return {
      step: 'ports',
      cluster,
      reason: 'PortsDiffer',
      message: `no port of ${service} in ${cluster} is a port of its EndpointSlices`,
      remedy: `let its targetPorts be ports of its pods, by number or by name: ${look}`,
    };
  }
  if (from.endpoints?.every(({ state }) => state !== 'ready') === true) {
    return {
      step: 'ready',
      cluster,
      reason: 'NoReadyEndpoints',
      message: `none of the ${from.endpoints.length} endpoint(s) of ${service} in ${cluster} is ready`,
      remedy: `see why its pods are not ready: kubectl -n ${namespace} get pods -o wide`,
    };
  }
  const here = facts.endpoints?.filter((each) => each.cluster === cluster) ?? [];
  if (here.length === 0) return notMirrored(from, facts, service);
  if (from.hasGateway === false) {
    return {
      step: 'gateway',
      cluster,
      reason: 'NoGateway',
      message: `no node of ${cluster} ends tunnels`,
      remedy: 'run there: kubectl describe mesh default',
    };
  }
  return heldBack(from, here, facts) ?? closed(from) ?? { step: 'ready', cluster, ...followed(from, facts, service) };
}

/** kube-proxy joins a port of the Service with that of a slice by the name. A headless Service may have none. */
export function portsDiffer({ ports, slicePorts }: ExporterFacts): boolean {
  return slicePorts !== undefined && ports.length > 0 && !ports.some((port) => slicePorts.some((each) => isSame(port, each)));
}

function notMirrored({ cluster }: ExporterFacts, facts: ImporterFacts, service: string): Finding {
  const partial = facts.told.find(({ reason }) => reason === 'Partial');
  if (partial !== undefined) return findingOf(partial, cluster, 'mirrored');
  return {
    step: 'mirrored',
    cluster: facts.cluster,
    reason: 'Pending',
    message: `the endpoints of ${service} in ${cluster} are not mirrored in ${facts.cluster} yet`,
  };
}

/** Endpoints that are ready at home and not used here: no link works, or the choice is another one. */
function heldBack({ cluster }: ExporterFacts, here: readonly EndpointFact[], facts: ImporterFacts): Finding | undefined {
  const held = here.filter(({ state }) => state === 'heldBack');
  if (held.length === 0) return undefined;
  const paths = facts.paths.filter(({ to }) => to === cluster);
  const dead = paths.filter(({ state }) => state === 'down');
  const isCut = paths.length === 0 || dead.length > 0;
  const chosen = held.find(({ why }) => why !== undefined && why !== CUT_OFF);
  if (isCut && chosen === undefined) {
    return {
      step: 'link',
      cluster: facts.cluster,
      reason: 'LinkDown',
      message: `no tunnel from ${facts.cluster} to ${cluster} works${deadText(dead)}, so its ${held.length} endpoint(s) count as not ready`,
      remedy: 'see kilofed links -o wide: the UDP ports of the gateways must be open both ways',
    };
  }
  return {
    step: 'choice',
    cluster,
    reason: 'HeldBack',
    message: `the endpoints of ${cluster} are held back in ${facts.cluster}: ${chosen?.why ?? 'another member is preferred'}`,
    remedy:
      chosen?.why === DRAINED
        ? `end the drain when ${cluster} may serve again: kilofed uncordon member ${cluster}`
        : 'change prefer, weights or affinity of the export',
  };
}

export const CUT_OFF = 'cut off';

function deadText([first]: readonly PathFact[]): string {
  if (first === undefined) return '';
  const gateways = [...new Set(first.planes.map(({ node }) => node))].join(', ');
  const by = gateways === '' ? '' : ` (gateway ${gateways}${first.reason === undefined ? '' : `: ${first.reason}`})`;
  return `${by}${first.since === undefined ? '' : ` since ${first.since}`}`;
}

function closed({ cluster, closed: complaint }: ExporterFacts): Finding | undefined {
  return complaint === undefined ? undefined : { ...findingOf(complaint, cluster, 'mirrored'), step: 'admission' };
}

function followed({ cluster }: ExporterFacts, facts: ImporterFacts, service: string): Pick<Finding, 'reason' | 'message'> {
  return { reason: 'Pending', message: `${facts.cluster} has not followed the endpoints of ${service} in ${cluster} yet` };
}

function isSame(a: { readonly name: string; readonly protocol: string }, b: { readonly name: string; readonly protocol: string }): boolean {
  return a.name === b.name && a.protocol === b.protocol;
}
