/**
 * The member itself as far as it imports a Service, by its own objects.
 */
import { EXPORT_ANNOTATION } from '../../api/exportNames.js';
import { LABEL } from '../../api/names.js';
import type { Complaint } from '../../api/problem.js';
import type { Mesh } from '../../api/mesh.js';
import { isHubs } from '../../observed/ownership.js';
import { isDerivedName } from '../../services/names.js';
import type { EndpointFact, ImporterFacts, PathFact } from '../facts.js';
import { importPolicy } from '../importPolicy.js';
import { mirroredEndpoints } from '../mirroredEndpoints.js';
import { CUT_OFF } from '../packetStop.js';
import { whyNotChosen } from '../whyNotChosen.js';
import {
  addressesOf,
  changedAt,
  complaintOf,
  conditionOf,
  endpointsOf,
  HERE,
  isOwn,
  type LocalObjects,
  type ServiceObject,
} from './localObjects.js';

/** `exporters`: the members that it is made of. */
export function importerHere(objects: LocalObjects, exporters: readonly string[]): ImporterFacts {
  const { namespace, serviceImport, mesh, namespaceObject } = objects;
  const standing = standingIn(objects);
  const name = standing?.metadata.name ?? joinedName(objects);
  const paths = pathsOf(mesh, exporters);
  const imports = namespaceObject?.metadata.labels?.[LABEL.import];
  const ready = conditionOf(serviceImport, 'Ready');
  const choice = serviceImport?.metadata.annotations?.[EXPORT_ANNOTATION.choice];
  return {
    cluster: HERE,
    ...(name !== undefined && { service: name }),
    derivedOnly: name !== undefined && isDerivedName(name),
    addresses: addressesOf(standing),
    names: name === undefined ? [] : [`${name}.${namespace}`],
    ...(ready?.status === 'True' && { since: ready.lastTransitionTime }),
    policy: { ...(imports !== undefined && { [LABEL.import]: imports }), ...importPolicy(choice) },
    endpoints: whyNotChosen(choice, endpointsHere(objects, new Set(exporters.filter((id) => isDead(paths, id))))),
    paths,
    told: toldOf(objects),
    awaits: whyNothing(objects),
  };
}

function standingIn({ derived, service }: LocalObjects): ServiceObject | undefined {
  return derived ?? (service !== undefined && !isOwn(service) ? service : undefined);
}

/** The member's own Service, where slices of others join it. */
function joinedName({ name, service, slices }: LocalObjects): string | undefined {
  return isOwn(service) && slices.some((each) => isHubs('endpointSlice', each)) ? name : undefined;
}

function endpointsHere({ slices }: LocalObjects, dead: ReadonlySet<string>): EndpointFact[] {
  return slices.flatMap((slice) => {
    if (!isHubs('endpointSlice', slice)) return endpointsOf(slice).map((each) => ({ ...each, cluster: HERE }));
    const isCut = dead.has(slice.metadata.labels?.[LABEL.cluster] ?? '');
    return mirroredEndpoints(slice, () => (isCut ? CUT_OFF : undefined), changedAt(slice));
  });
}

function toldOf({ namespace, namespaceObject, serviceImport }: LocalObjects): Complaint[] {
  const ready = conditionOf(serviceImport, 'Ready');
  return [
    ...(namespaceObject === undefined ? [noNamespace(namespace)] : []),
    ...(namespaceObject?.metadata.labels?.[LABEL.import] === 'none' ? [closed(namespace)] : []),
    ...(ready?.status === 'False' ? [complaintOf(ready)] : []),
  ];
}

function noNamespace(namespace: string): Complaint {
  return {
    reason: 'NamespaceMissing',
    message: `there is no namespace ${namespace} here`,
    remedy: `kubectl create namespace ${namespace}`,
  };
}

function closed(namespace: string): Complaint {
  return {
    reason: 'ImportDenied',
    message: `namespace ${namespace} imports nothing, as its label ${LABEL.import} says`,
    remedy: `kubectl label --overwrite namespace ${namespace} ${LABEL.import}=all`,
  };
}

function whyNothing({ namespace, name, hubSeen }: LocalObjects): string {
  return hubSeen === undefined
    ? `nothing of ${namespace}/${name} stands here, and no hub is known to have been here: is this cluster a member?`
    : `nothing of ${namespace}/${name} stands here: nobody exports it to this member, or the hub has a reason that it tells`;
}

function pathsOf(mesh: Mesh | undefined, exporters: readonly string[]): PathFact[] {
  return (mesh?.status?.links ?? []).flatMap(({ from, to, member, state, since, inUse, rttMilliseconds, reason }) =>
    member === undefined || !exporters.includes(member)
      ? []
      : [
          {
            to: member,
            fromSegment: from,
            toSegment: to.startsWith(`${member}/`) ? to.slice(member.length + 1) : to,
            state,
            ...(since !== undefined && { since }),
            ...(reason !== undefined && { reason }),
            planes: (inUse ?? []).map(({ slot, peer }) => ({
              slot,
              node: '-',
              peer,
              state: 'up' as const,
              inUse: true,
              ...(rttMilliseconds !== undefined && { rttMilliseconds }),
            })),
          },
        ],
  );
}

function isDead(paths: readonly PathFact[], id: string): boolean {
  const there = paths.filter(({ to }) => to === id);
  return there.length > 0 && there.every(({ state }) => state === 'down');
}
