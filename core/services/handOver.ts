/**
 * Whether the owner of a Service hands it over to the hub (`kilofed.io/hand-over`), so that it becomes the mirror of what others export
 * under its name: the same object with the same address, and no selector.
 */
import { ANNOTATION, HANDED_OVER } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import type { KubeObject } from '../api/resources.js';
import { printable } from '../text/printable.js';
import type { ServiceObject } from './importParts.js';

interface HandOver {
  readonly offered: boolean;
  readonly complaint?: Complaint;
}

/** Code units of a value that are shown. */
const SHOWN = 63;

/** `object` is a Service of somebody, `annotations` what it asks for. */
export function readHandOver(annotations: Readonly<Record<string, string>>, object: unknown): HandOver {
  const value = annotations[ANNOTATION.handOver];
  if (value === undefined || value === 'false' || value === HANDED_OVER) return { offered: false };
  if (value !== 'true') {
    const message = `annotation ${ANNOTATION.handOver} is "${printable(value, SHOWN)}": write "true" to hand it over, or remove it`;
    return { offered: false, complaint: { reason: 'InvalidAnnotation', message } };
  }
  if (isPlain(object)) return { offered: true };
  const message = `annotation ${ANNOTATION.handOver} is on a Service that no mirror can be: it must be of type ClusterIP, with an address`;
  return { offered: false, complaint: { reason: 'InvalidAnnotation', message } };
}

/** As a merge patch: what the hub writes to make the Service its mirror. Its address stays, and its endpoints are the hub's to name. */
export function takenOver(service: ServiceObject): KubeObject {
  const { metadata, spec } = service;
  return {
    ...service,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [ANNOTATION.handOver]: HANDED_OVER } },
    spec: { sessionAffinityConfig: null, ...spec, selector: null },
  } as KubeObject;
}

function isPlain(object: unknown): boolean {
  const { spec } = object as { readonly spec?: Readonly<Record<string, unknown>> | null };
  return (spec?.['type'] ?? 'ClusterIP') === 'ClusterIP' && spec?.['clusterIP'] !== 'None' && spec?.['externalIPs'] === undefined;
}
