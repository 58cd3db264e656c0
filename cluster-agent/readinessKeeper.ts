/**
 * Keeps the readiness of mirrored endpoints while the hub is away: by what this cluster's own gateways report, as the hub would.
 *
 * It writes in the hub's name (core/services/readiness.ts), and only over what it has just read, so a hub that is back finds what it would
 * have written, and takes over without a change. It reads all mirrors when the hub goes, and again when a segment is cut off or returns: it
 * keeps nothing, and needs nothing while the hub is there.
 */
import { FIELD_MANAGER, HUB_MANAGER, LABEL } from '../core/api/names.js';
import { type KubeObject, objectKey, RESOURCE } from '../core/api/resources.js';
import { readOwn } from '../core/observed/ownObjects.js';
import { isHubs } from '../core/observed/ownership.js';
import { cutOff } from '../core/services/cutOff.js';
import { withReadiness } from '../core/services/readiness.js';
import { applyObject, listObjects } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';
import type { Reach } from './memberReach.js';

export interface ReadinessKeeper {
  /** What failed, and why. */
  keep(reach: Reach): Promise<Kept>;
}

interface Kept {
  readonly written: number;
  readonly failures: readonly string[];
}

interface ReadinessKeeperDeps {
  readonly client: KubeClient;
  /** Asked before each write. */
  readonly isHubAway: () => boolean;
  /** Before each request that writes. */
  readonly onRequest: (kind: string) => void;
}

/** The server sends what it has: mirrors of more members than a cluster-agent has memory for are left as they are. */
const MOST_BYTES = 64 << 20;

export function createReadinessKeeper({ client, isHubAway, onRequest }: ReadinessKeeperDeps): ReadinessKeeper {
  return {
    async keep(reach) {
      const listed = await listObjects(client, RESOURCE.endpointSlice, {
        labelSelector: `${LABEL.managedBy}=${HUB_MANAGER}`,
        mostBytes: MOST_BYTES,
      });
      if (!listed.ok) return { written: 0, failures: [`endpointslices: ${listed.error.message}`] };
      const isCut = new Map([...reach].map(([member, segments]) => [member, cutOff(segments)]));
      const failures: string[] = [];
      let written = 0;
      for (const object of listed.value) {
        const slice = kept(object, isCut);
        if (slice === undefined) continue;
        if (!isHubAway()) break;
        onRequest(RESOURCE.endpointSlice.kind);
        const answer = await applyObject(client, slice, { fieldManager: FIELD_MANAGER.hub });
        if (answer.ok) written += 1;
        // Somebody else has written it, such as a hub that is back, or has deleted it.
        else if (answer.error.kind !== 'conflict' && answer.error.kind !== 'notFound')
          failures.push(`EndpointSlice ${objectKey(object.metadata)}: ${answer.error.message}`);
      }
      return { written, failures };
    },
  };
}

/** The slice as it is to be, over the version that was read. Undefined: it is so, or is none of the hub's. */
function kept(object: KubeObject, isCut: ReadonlyMap<string, (address: string) => boolean>): KubeObject | undefined {
  if (!isHubs('endpointSlice', object) || object.metadata.deletionTimestamp !== undefined) return undefined;
  const member = isCut.get(object.metadata.labels?.[LABEL.cluster] ?? '');
  const own = readOwn('endpointSlice', object);
  if (member === undefined || !own.ok || own.value.malformed !== undefined) return undefined;
  const after = withReadiness(own.value.object, member);
  if (after === own.value.object) return undefined;
  const { name, namespace, labels, annotations } = after.metadata;
  const { resourceVersion } = object.metadata;
  return {
    ...after,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}
