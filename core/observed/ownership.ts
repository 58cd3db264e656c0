/**
 * Whose an object is that carries the hub's label: still the hub's, or a person's by now.
 *
 * A label does not tell. `kubectl apply` over a mirror leaves it where it was, and kube-controller-manager copies the labels of a
 * Service onto the EndpointSlices that it makes. So an object is the hub's only if it has a mark that the hub alone writes, and nothing
 * that makes it somebody's: what a mirror never has (a selector), or what shows that somebody declares the object elsewhere.
 */
import * as z from 'zod';
import { ANNOTATION, HANDED_OVER, HUB_MANAGER, LABEL, MCS_LABEL } from '../api/names.js';
import type { OwnKind } from './ownObjects.js';

/** What `kubectl apply` and Helm leave on what they declare. */
const DECLARED_BY = ['kubectl.kubernetes.io/last-applied-configuration', 'meta.helm.sh/release-name'] as const;
/** Of the field managers of our own programs. */
const OUR_MANAGERS = 'kilofed-';

const texts = z.record(z.string(), z.unknown()).catch({});
const word = z.string().optional().catch(undefined);

const evidence = z.object({
  metadata: z.object({
    labels: texts,
    annotations: texts,
    managedFields: z.array(z.object({ manager: word, operation: word, subresource: word, fieldsV1: texts })).catch([]),
  }),
  spec: z.object({ type: z.unknown(), selector: z.unknown(), externalIPs: z.unknown() }).partial().catch({}),
});

type Evidence = z.infer<typeof evidence>;

/** Whether the hub owns an object as an API server answers it. Its label is necessary, since the policies of members go by it. */
export function isHubs(kind: OwnKind, object: unknown): boolean {
  if (!hasLabelOfHub(object)) return false;
  const read = evidence.safeParse(object);
  return read.success && isMarked(read.data) && !isTaken(kind, read.data);
}

/** What is left of the hub on an object that is not the hub's. */
export interface Leftover {
  readonly resourceVersion?: string;
  /** What the API server notes of all other writers. Absent: it notes nothing. */
  readonly managedFields?: readonly unknown[];
}

/** Undefined: nothing is. */
export function leftoverOf(object: unknown): Leftover | undefined {
  if (!hasLabelOfHub(object)) return undefined;
  const { metadata } = object as { readonly metadata: { readonly resourceVersion?: unknown; readonly managedFields?: unknown } };
  const { resourceVersion, managedFields } = metadata;
  return {
    ...(typeof resourceVersion === 'string' && { resourceVersion }),
    ...(Array.isArray(managedFields) && { managedFields: managedFields.filter((each) => !isByHub(each)) }),
  };
}

function isByHub(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && (entry as { readonly manager?: unknown }).manager === HUB_MANAGER;
}

/** Whether the hub's label is on an object: it is the hub's, or was. */
function hasLabelOfHub(object: unknown): boolean {
  const some = object as { readonly metadata?: { readonly labels?: Readonly<Record<string, unknown>> | null } | null } | null | undefined;
  return some?.metadata?.labels?.[LABEL.managedBy] === HUB_MANAGER;
}

/** Nobody inherits annotations, nor what an API server notes of who wrote what. */
function isMarked({ metadata: { annotations, managedFields } }: Evidence): boolean {
  return annotations[ANNOTATION.hash] !== undefined || managedFields.some(({ manager }) => manager === HUB_MANAGER);
}

function isTaken(kind: OwnKind, { metadata, spec }: Evidence): boolean {
  // The controller that makes a slice names itself, whatever it inherits.
  if (kind === 'endpointSlice' && metadata.labels[MCS_LABEL.sliceManagedBy] !== HUB_MANAGER) return true;
  if (kind === 'service' && (isFilled(spec.selector) || isFilled(spec.externalIPs) || isOtherType(spec.type))) return true;
  // It was declared before its owner handed it over.
  if (kind === 'service' && metadata.annotations[ANNOTATION.handOver] === HANDED_OVER) return false;
  return DECLARED_BY.some((key) => metadata.annotations[key] !== undefined) || metadata.managedFields.some(isDeclaration);
}

/** A server-side apply of more than metadata. Labels and annotations are added by many who do not own an object. */
function isDeclaration({ manager, operation, subresource, fieldsV1 }: Evidence['metadata']['managedFields'][number]): boolean {
  if (operation !== 'Apply' || subresource !== undefined || manager?.startsWith(OUR_MANAGERS) === true) return false;
  return Object.keys(fieldsV1).some((field) => field !== 'f:metadata' && field !== 'f:status');
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** What is no text is malformed, and says nothing. */
function isOtherType(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value !== 'ClusterIP';
}
