/**
 * Keeps the readiness of mirrored endpoints while the hub is away (planReadiness.ts).
 *
 * It writes in the hub's name (core/services/readiness.ts), and only over what it has just read, so a hub that is back finds what it would
 * have written, and takes over without a change. It reads all mirrors when the hub goes, and again when a segment is cut off or returns,
 * and those of one Service when its own endpoints here change: it keeps nothing, and needs nothing while the hub is there.
 */
import { FIELD_MANAGER, HUB_MANAGER, LABEL, MCS_LABEL } from '../core/api/names.js';
import { type KubeObject, objectKey, RESOURCE } from '../core/api/resources.js';
import { applyObject, getObject, listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../kube/wire/client.js';
import type { Reach } from './memberReach.js';
import { choosingByOwn, type LocalReady, planReadiness } from './planReadiness.js';

export interface ReadinessKeeper {
  /** `services`: only what is mirrored of these, as `namespace/name`; absent: of all. Answers what failed, and why. */
  keep(reach: Reach, services?: readonly string[]): Promise<Kept>;
}

interface Kept {
  readonly written: number;
  readonly failures: readonly string[];
  /** Services that are chosen for by endpoints of this cluster's own, too. Absent: not all were looked at. */
  readonly choosing?: readonly string[];
}

interface ReadinessKeeperDeps {
  readonly client: KubeClient;
  /** Ready endpoints of this cluster's own, of a Service that it exports. Undefined: not known yet. */
  readonly localReady: (service: string) => LocalReady | undefined;
  /** Asked before each write. */
  readonly isHubAway: () => boolean;
  /** Before each request that writes. */
  readonly onRequest: (kind: string) => void;
}

/** The server sends what it has: mirrors of more members than a cluster-agent has memory for are left as they are. */
const MOST_BYTES = 64 << 20;
const OF_HUB = `${LABEL.managedBy}=${HUB_MANAGER}`;

export function createReadinessKeeper({ client, localReady, isHubAway, onRequest }: ReadinessKeeperDeps): ReadinessKeeper {
  return {
    async keep(reach, services) {
      const failures: string[] = [];
      const all = services === undefined ? [await readAll(client)] : await Promise.all(services.map((service) => readOf(client, service)));
      let written = 0;
      for (const { slices, imports } of all) {
        if (!slices.ok) failures.push(`endpointslices: ${slices.error.message}`);
        // Without it nothing is held back but what cannot be reached: then all that can serve does.
        if (!imports.ok && imports.error.kind !== 'notFound') failures.push(`serviceimports: ${imports.error.message}`);
        if (!slices.ok) continue;
        const planned = planReadiness({ slices: slices.value, imports: imports.ok ? imports.value : [], reach, localReady });
        for (const slice of planned) {
          if (!isHubAway()) return { written, failures };
          onRequest(RESOURCE.endpointSlice.kind);
          const answer = await applyObject(client, slice, { fieldManager: FIELD_MANAGER.hub });
          if (answer.ok) written += 1;
          // Somebody else has written it, such as a hub that is back, or has deleted it.
          else if (answer.error.kind !== 'conflict' && answer.error.kind !== 'notFound')
            failures.push(`EndpointSlice ${objectKey(slice.metadata)}: ${answer.error.message}`);
        }
      }
      const [whole] = services === undefined ? all : [];
      return { written, failures, ...(whole?.imports.ok === true && { choosing: choosingByOwn(whole.imports.value) }) };
    },
  };
}

interface Answers {
  readonly slices: KubeResult<readonly KubeObject[]>;
  readonly imports: KubeResult<readonly KubeObject[]>;
}

async function readAll(client: KubeClient): Promise<Answers> {
  const options = { labelSelector: OF_HUB, mostBytes: MOST_BYTES };
  const [slices, imports] = await Promise.all([
    listObjects(client, RESOURCE.endpointSlice, options),
    listObjects(client, RESOURCE.serviceImport, options),
  ]);
  return { slices, imports };
}

async function readOf(client: KubeClient, service: string): Promise<Answers> {
  const [namespace = '', name = ''] = service.split('/');
  const labelSelector = `${OF_HUB},${MCS_LABEL.serviceName}=${name}`;
  const [slices, found] = await Promise.all([
    listObjects(client, RESOURCE.endpointSlice, { namespace, labelSelector, mostBytes: MOST_BYTES }),
    getObject<KubeObject>(client, { resource: RESOURCE.serviceImport, namespace, name }),
  ]);
  return { slices, imports: found.ok ? { ok: true, value: [found.value] } : found };
}
