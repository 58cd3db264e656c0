/**
 * Metadata of an object that an API server answers, as far as the hub reads it. Names follow the rules that API servers keep
 * (Kubernetes apimachinery, pkg/util/validation), so that they can stand in paths, keys and lines. What is not read is not kept.
 */
import * as z from 'zod';
import { KILOFED_GROUP, LABEL } from '../api/names.js';

const LABEL_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
/** Of what the hub writes: its own, whatever stands before the group, and those of Kubernetes and its Multi-Cluster Services. */
const WRITTEN_KEY = /^(([a-z]+\.)?kilofed|((multicluster|endpointslice)\.)?kubernetes)\.io\//;
const LONGEST_KEY = 317;
/** Longer than any annotation that the hub writes, UTF-16 code units. */
const LONGEST_WRITTEN = 65_536;
/** Longer than the ids of as many members as an export may name. */
const LONGEST_REQUEST = 16_384;

/** The bound is checked first, so that the expression sees short texts only. */
const bounded = (longest: number, expression: RegExp, message: string): z.ZodString =>
  z.string().max(longest, { abort: true }).regex(expression, message);

/** RFC 1123 label: 1 to 63 of a-z, 0-9 and "-". */
export const labelName = bounded(63, LABEL_NAME, 'must be an RFC 1123 label');
/** RFC 1123 subdomain: labels with dots between them, up to 253 characters. */
const subdomainName = bounded(253, SUBDOMAIN, 'must be an RFC 1123 subdomain');

const token = bounded(128, /^[!-~]*$/, 'must be printable ASCII without spaces');
const time = bounded(40, RFC_3339, 'must be a time of RFC 3339, in UTC');

/** The name of an object, and its namespace if its kind has them. */
const NAMESPACED = { name: subdomainName, namespace: labelName };
const CLUSTER_SCOPED = { name: subdomainName, namespace: z.exactOptional(z.never()) };

export const namespacedName = z.object({ metadata: z.object(NAMESPACED) });
export const clusterName = z.object({ metadata: z.object(CLUSTER_SCOPED) });

const OBSERVED = {
  uid: token.optional(),
  creationTimestamp: time.nullish(),
  deletionTimestamp: time.nullish(),
  labels: z.object({ [LABEL.managedBy]: z.string().optional() }).nullish(),
};

/** Of an object of any owner: who it is, and whether it is ours. */
export const namespacedMeta = z.object({ ...NAMESPACED, ...OBSERVED });
export const namespacedIdentity = z.object({ metadata: namespacedMeta });
export const clusterMeta = z.object({ ...CLUSTER_SCOPED, ...OBSERVED });
export const clusterIdentity = z.object({ metadata: clusterMeta });

/** What annotations ask of us. One that is too long is refused: without it, more might be done than it says. */
export const requests = z
  .record(z.string(), z.string())
  .transform((texts) => Object.fromEntries(Object.entries(texts).filter(([key]) => key.startsWith(`${KILOFED_GROUP}/`))))
  .pipe(z.record(z.string(), z.string().max(LONGEST_REQUEST)));

/** Labels or annotations that the hub wrote. Others may add theirs, of any size: those are not kept. */
const written = z
  .record(z.string(), z.string())
  .transform((texts) =>
    Object.fromEntries(Object.entries(texts).filter(([key, text]) => isWritten(key) && text.length <= LONGEST_WRITTEN)),
  );

/** Whether a label or annotation of an object of the hub's is kept. */
export function isWritten(key: string): boolean {
  return key.length <= LONGEST_KEY && WRITTEN_KEY.test(key);
}

const OWN = {
  uid: z.exactOptional(token),
  resourceVersion: z.exactOptional(token),
  generation: z.exactOptional(z.int()),
  labels: z.exactOptional(written),
  annotations: z.exactOptional(written),
};

/** Of an object of the hub's. */
export const ownNamespacedMeta = z.object({ ...NAMESPACED, ...OWN });
export const ownClusterMeta = z.object({ ...CLUSTER_SCOPED, ...OWN });
