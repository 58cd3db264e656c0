/**
 * What stands of a mirror in a target, as the mirror itself says: who has a part in it, in which order, and its shape.
 */
import { EXPORT_ANNOTATION } from '../../../core/api/exportNames.js';
import { ANNOTATION, LABEL } from '../../../core/api/names.js';
import type { KubeObject } from '../../../core/api/resources.js';
import type { Standing } from '../../../core/services/importParts.js';
import type { ServicePort } from '../../../core/services/model.js';
import { type ServiceShape, shapeOf } from '../../../core/services/serviceShape.js';
import { ownObject } from '../../records/existingObject.js';
import type { MemberRecords } from '../../records/memberRecords.js';

export interface ObservedMirror {
  readonly services: readonly KubeObject[];
  readonly slices: readonly KubeObject[];
  readonly import: KubeObject | undefined;
}

interface WithSpec extends KubeObject {
  readonly spec?: {
    readonly type?: unknown;
    readonly clusterIP?: unknown;
    readonly ports?: unknown;
    readonly ipFamilies?: unknown;
    readonly sessionAffinity?: unknown;
    readonly publishNotReadyAddresses?: unknown;
    readonly internalTrafficPolicy?: unknown;
    readonly trafficDistribution?: unknown;
  };
}

/** What stands of the mirror of a service in a target. */
export function mirrorIn(records: MemberRecords, service: string): ObservedMirror {
  return { ...records.mirrorsOf(service), import: ownObject(records.imports().get(service)) };
}

/** All mirrors in a target, and what each is made of. */
export function* standingMirrors(records: MemberRecords): Iterable<readonly [service: string, exporters: readonly string[]]> {
  for (const service of records.mirrored()) yield [service, contributors(mirrorIn(records, service))];
}

/**
 * Those that the ServiceImport names, by precedence, then those that only have slices. Where the ServiceImport is somebody else's, the
 * Service names them.
 */
export function contributors({ services, slices, import: object }: ObservedMirror): string[] {
  const named = [object, ...services].flatMap(exportersIn);
  const ofSlices = slices.map((slice) => slice.metadata.labels?.[LABEL.cluster] ?? '').toSorted();
  return [...new Set([...named, ...ofSlices])].filter((id) => id !== '');
}

/** Ids of the members that an object of ours says it was made of, by precedence. */
export function exportersIn(object: KubeObject | undefined): string[] {
  return object?.metadata.annotations?.[ANNOTATION.exporters]?.split(',').filter((id) => id !== '') ?? [];
}

/** `remembered`: the order that this process knew last. It counts for those that stand, where the objects have lost it. */
export function standingOf(mirror: ObservedMirror, remembered: readonly string[]): Standing {
  const shape = standingShape(mirror);
  const named = [mirror.import, ...mirror.services].flatMap(exportersIn);
  const all = contributors(mirror);
  const exporters = [...new Set([...named, ...remembered.filter((id) => all.includes(id)), ...all])];
  const choice = mirror.import?.metadata.annotations?.[EXPORT_ANNOTATION.choice];
  return { exporters, slices: mirror.slices, ...(shape !== undefined && { shape }), ...(choice !== undefined && { choice }) };
}

/** The ServiceImport has the ports as they were exported. Without one, the Service's are the next best. */
function standingShape({ services, import: object }: ObservedMirror): ServiceShape | undefined {
  const [service]: readonly WithSpec[] = services;
  const imported: WithSpec | undefined = object;
  const spec = imported?.spec ?? service?.spec;
  if (service === undefined || spec === undefined) return undefined;
  const ports = Array.isArray(spec.ports) ? (spec.ports as readonly Partial<ServicePort>[]) : [];
  const families = Array.isArray(spec.ipFamilies) ? spec.ipFamilies : [];
  return shapeOf({
    headless: service.spec?.clusterIP === 'None',
    ports: ports.map((port) => ({ name: '', protocol: 'TCP', port: 0, ...port })),
    ipFamilies: (['IPv4', 'IPv6'] as const).filter((family) => families.includes(family)),
    sessionAffinity: spec.sessionAffinity === 'ClientIP' ? 'ClientIP' : 'None',
    publishNotReadyAddresses: service.spec?.publishNotReadyAddresses === true,
    ...(spec.internalTrafficPolicy === 'Local' && { internalTrafficPolicy: 'Local' }),
    ...(typeof spec.trafficDistribution === 'string' && { trafficDistribution: spec.trafficDistribution }),
  });
}
