/**
 * What the hub wrote into a member, as that member's API server answers it. It compares them with what it wants, and looks into some
 * of them, so it keeps the fields that it writes, if they are of the right type; all else in them is somebody else's.
 */
import * as z from 'zod';
import { ownClusterMeta, ownNamespacedMeta } from './metadata.js';
import type { Result } from '../runtime/result.js';
import { readObject } from './readObject.js';
import { apiVersion, type KubeObject, type Resource, RESOURCE } from '../api/resources.js';

/** The kinds that the hub writes. */
export type OwnKind = 'service' | 'endpointSlice' | 'serviceImport' | 'serviceExport' | 'peer';

const word = z.string().max(1_024);
const few = z.array(word).max(16).nullish();
/** Services of others' making may have more ports than a mirror ever has: somebody may have added some. */
const ports = z
  .array(z.object({ name: word.nullish(), protocol: word.nullish(), port: z.int().nullish(), appProtocol: word.nullish() }))
  .max(4_096)
  .nullish();
const affinity = {
  sessionAffinity: word.nullish(),
  sessionAffinityConfig: z.object({ clientIP: z.object({ timeoutSeconds: z.int().nullish() }).nullish() }).nullish(),
};
const flag = z.boolean().nullish();
const conditions = z
  .array(
    z.object({
      type: word,
      status: z.enum(['True', 'False', 'Unknown']),
      reason: word,
      message: z.string().max(32_768),
      observedGeneration: z.int().optional(),
      lastTransitionTime: word,
    }),
  )
  .max(64)
  .nullish();

const BODY = {
  service: {
    spec: z.object({
      type: word.nullish(),
      clusterIP: word.nullish(),
      clusterIPs: few,
      ports,
      ipFamilyPolicy: word.nullish(),
      ipFamilies: few,
      ...affinity,
      publishNotReadyAddresses: flag,
      internalTrafficPolicy: word.nullish(),
    }),
  },
  endpointSlice: {
    addressType: word,
    ports,
    endpoints: z
      .array(
        z.object({
          addresses: z.array(word).max(128),
          conditions: z.object({ ready: flag, serving: flag, terminating: flag }).nullish(),
          hostname: word.nullish(),
          zone: word.nullish(),
        }),
      )
      .max(4_096)
      .nullish(),
  },
  serviceImport: {
    spec: z.object({
      type: word.nullish(),
      ports,
      ips: few,
      ipFamilies: few,
      ...affinity,
      internalTrafficPolicy: word.nullish(),
      trafficDistribution: word.nullish(),
    }),
    status: z
      .object({
        clusters: z
          .array(z.object({ cluster: word }))
          .max(4_096)
          .nullish(),
        conditions,
      })
      .nullish(),
  },
  serviceExport: {
    status: z.object({ conditions }).nullish(),
  },
  peer: {
    spec: z.object({
      publicKey: word.nullish(),
      allowedIPs: z.array(word).max(4_096).nullish(),
      endpoint: z.object({ dnsOrIP: z.object({ dns: word.nullish(), ip: word.nullish() }).nullish(), port: z.int().nullish() }).nullish(),
      persistentKeepalive: z.int().nullish(),
    }),
  },
} as const satisfies Readonly<Record<OwnKind, z.ZodRawShape>>;

/** Its name, labels and annotations. */
const IDENTITY = z.object({ metadata: ownNamespacedMeta });
const CLUSTER_IDENTITY = z.object({ metadata: ownClusterMeta });

const WHOLE = {
  service: IDENTITY.extend(BODY.service),
  endpointSlice: IDENTITY.extend(BODY.endpointSlice),
  serviceImport: IDENTITY.extend(BODY.serviceImport),
  serviceExport: IDENTITY.extend(BODY.serviceExport),
  peer: CLUSTER_IDENTITY.extend(BODY.peer),
} as const satisfies Readonly<Record<OwnKind, z.ZodType<Pick<KubeObject, 'metadata'>>>>;

interface OwnObject {
  readonly object: KubeObject;
  /** What is malformed in it. `object` then has its metadata alone, and so is written again. Absent: nothing is. */
  readonly malformed?: string;
}

/** `value` must be labelled as the hub's. An error says why nothing can be done with it. */
export function readOwn(kind: OwnKind, value: unknown): Result<OwnObject> {
  const type = { apiVersion: apiVersion(RESOURCE[kind]), kind: RESOURCE[kind].kind };
  const whole = readObject<Pick<KubeObject, 'metadata'>>(WHOLE[kind], value);
  if (whole.ok) return { ok: true, value: { object: { ...type, ...whole.value } } };
  const identity = readObject<Pick<KubeObject, 'metadata'>>(kind === 'peer' ? CLUSTER_IDENTITY : IDENTITY, value);
  return identity.ok ? { ok: true, value: { object: { ...type, ...identity.value }, malformed: whole.error } } : identity;
}

/** `resource` must be one that the hub writes. */
export function ownKindOf(resource: Resource): OwnKind {
  const kind = (Object.keys(WHOLE) as OwnKind[]).find((each) => RESOURCE[each] === resource);
  if (kind === undefined) throw new Error(`the hub writes no ${resource.plural}`);
  return kind;
}
