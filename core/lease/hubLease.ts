/**
 * The Leases of a hub. By one it holds a member: `kilofed-hub` in the member's namespace `kilofed`. Its annotation names the federation
 * that the member belongs to, its holder the one instance of that federation's hub that writes there. By another, in the hub's own
 * namespace, one of several instances is the active one.
 *
 * Clocks of machines differ, so its times mean nothing. Who waits for it to expire counts from when it saw the Lease change last, by its
 * own clock (as client-go's leaderelection does).
 */
import * as z from 'zod';
import { ANNOTATION } from '../api/names.js';
import { apiVersion, type KubeObject, RESOURCE } from '../api/resources.js';
import { readObject } from '../observed/readObject.js';
import type { Result } from '../runtime/result.js';

/** A Lease as it was read. */
interface HubLease {
  /** Changes with each write of it. */
  readonly version: string;
  /** Undefined: of no federation yet. */
  readonly federation: string | undefined;
  /** `<federation>/<instance>`. Undefined: it was released. */
  readonly holder: string | undefined;
  /** RFC 3339, as the holder wrote it: tells a holder from a later process of the same name. */
  readonly acquired: string | undefined;
  readonly durationMs: number;
  readonly transitions: number;
}

/** A Lease, and when it was first seen as it is. Milliseconds of the reader's monotonic clock. */
export interface SeenLease extends HubLease {
  readonly since: number;
}

/** How long a holder holds a Lease that it does not renew, seconds. */
export const HUB_LEASE_SECONDS = 8;
/** A Lease that says more is not believed: the member wrote it. */
const LONGEST_SECONDS = 60;
const MOST_TRANSITIONS = 2 ** 31 - 1;

const word = z.string().max(1_024);
const schema = z.object({
  metadata: z.object({
    resourceVersion: z.string().max(128),
    annotations: z
      .record(z.string(), z.string())
      .transform((all) => all[ANNOTATION.federation])
      .pipe(word.optional())
      .nullish(),
  }),
  spec: z
    .object({
      holderIdentity: word.nullish(),
      acquireTime: word.nullish(),
      leaseDurationSeconds: z.int().nullish(),
      leaseTransitions: z.int().nullish(),
    })
    .nullish(),
});

export function readHubLease(object: unknown): Result<HubLease> {
  const read = readObject(schema, object);
  if (!read.ok) return read;
  const { metadata, spec } = read.value;
  const seconds = spec?.leaseDurationSeconds ?? HUB_LEASE_SECONDS;
  return {
    ok: true,
    value: {
      version: metadata.resourceVersion,
      federation: metadata.annotations || undefined,
      holder: spec?.holderIdentity || undefined,
      acquired: spec?.acquireTime ?? undefined,
      durationMs: Math.min(Math.max(seconds, 1), LONGEST_SECONDS) * 1000,
      transitions: Math.min(Math.max(spec?.leaseTransitions ?? 0, 0), MOST_TRANSITIONS - 1),
    },
  };
}

/** `before`: as it was seen last. */
export function seenLease(lease: HubLease, before: SeenLease | undefined, now: number): SeenLease {
  return { ...lease, since: before?.version === lease.version ? before.since : now };
}

/** For how many milliseconds more its holder holds it; 0: nobody holds it. */
export function heldForMs(lease: SeenLease, now: number): number {
  return lease.holder === undefined ? 0 : Math.max(0, lease.since + lease.durationMs - now);
}

/** Where a Lease is. */
export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

interface LeaseContent extends LeasePlace {
  /** Of the Lease that this replaces. Undefined: there is none. */
  readonly version: string | undefined;
  /** Undefined: the member is of no federation any more. */
  readonly federation: string | undefined;
  readonly holder: string | undefined;
  /** RFC 3339 with microseconds. */
  readonly acquired: string;
  readonly renewed: string;
  readonly transitions: number;
}

/** The whole object, for a PUT: the API server refuses it if the Lease is not the one that it replaces. */
export function hubLeaseObject({ name, namespace, ...content }: LeaseContent): KubeObject {
  const { version, federation, holder, acquired, renewed, transitions } = content;
  const object: KubeObject & { readonly spec: unknown } = {
    apiVersion: apiVersion(RESOURCE.lease),
    kind: RESOURCE.lease.kind,
    metadata: {
      name,
      namespace,
      ...(version !== undefined && { resourceVersion: version }),
      ...(federation !== undefined && { annotations: { [ANNOTATION.federation]: federation } }),
    },
    spec: {
      holderIdentity: holder ?? '',
      leaseDurationSeconds: HUB_LEASE_SECONDS,
      acquireTime: acquired,
      renewTime: renewed,
      leaseTransitions: transitions,
    },
  };
  return object;
}
