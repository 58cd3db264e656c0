/**
 * What is kept of a Service: of an exported one what importers need, of our own what we wrote, of others only the name.
 */
import { namespacedName } from '../../core/observed/metadata.js';
import { isHubs, type Leftover, leftoverOf } from '../../core/observed/ownership.js';
import { readObject } from '../../core/observed/readObject.js';
import type { KubeObject } from '../../core/api/resources.js';
import { exportRequest } from '../../core/services/annotations.js';
import type { ServiceRecord } from '../../core/services/model.js';
import { readHandOver } from '../../core/services/handOver.js';
import { readService, serviceIdentity } from '../../core/services/observed.js';
import { projectOwn } from './existingObject.js';
import { type Kept, kept, malformed } from './kept.js';

export type ServiceEntry =
  | (Somebodys & { readonly kind: 'foreign' })
  | (Somebodys & { readonly kind: 'exported'; readonly record: ServiceRecord })
  | (Named & { readonly kind: 'own'; readonly object: KubeObject });

interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface Somebodys extends Named {
  /** It stands in the place of a mirror, and has the hub's label still. */
  readonly leftover?: Leftover;
  /** Its owner hands it over to the hub. */
  readonly offered?: true;
}

/**
 * `cluster` is the member that it was watched in. A mirror of ours is never an export, whatever its annotations say: it would
 * return to its exporter. A Service that is being deleted is no longer exported. A malformed one is somebody's, and no export.
 */
export function projectService(cluster: string, object: unknown): Kept<ServiceEntry> {
  const identity = readObject(serviceIdentity, object);
  if (!identity.ok) return kept(nameOnly(object), malformed('service', object, identity.error));
  const { name, namespace, uid = '', annotations, deletionTimestamp } = identity.value.metadata;
  const named: Named = { namespace, name, uid };
  if (isHubs('service', object)) {
    const { value: existing, problems } = projectOwn('service', object);
    return { value: existing?.own === true ? { ...named, kind: 'own', object: existing.object } : { ...named, kind: 'foreign' }, problems };
  }
  const leftover = leftoverOf(object);
  const subject = { kind: 'service', name: `${namespace}/${name}` } as const;
  const { offered, complaint } = readHandOver(annotations ?? {}, object);
  const misuse = complaint === undefined ? [] : [{ subject, ...complaint }];
  const foreign: ServiceEntry = { ...named, kind: 'foreign', ...(leftover !== undefined && { leftover }), ...(offered && { offered }) };
  const request = exportRequest(annotations ?? {});
  if (request === undefined || typeof deletionTimestamp === 'string') return kept(foreign, ...misuse);
  const read = readService(cluster, request, object);
  if (!read.ok) return kept(foreign, malformed('service', object, read.error));
  const { record, complaints } = read.value;
  return kept({ ...foreign, kind: 'exported', record }, ...complaints.map((each) => ({ subject, ...each })), ...misuse);
}

function nameOnly(object: unknown): ServiceEntry | undefined {
  const read = readObject(namespacedName, object);
  if (!read.ok) return undefined;
  const { name, namespace } = read.value.metadata;
  return { kind: 'foreign', namespace, name, uid: '' };
}
