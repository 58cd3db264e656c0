/**
 * Deletes objects of ours in a target. One that is refused keeps no other from going.
 */
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { WatchedKind } from '../records/feed.js';
import type { Context } from './context.js';
import type { Deletion } from './deletion.js';
import { endsWrites, type FailedWrite } from './failedWrites.js';

export type Doomed = readonly [kind: WatchedKind, object: KubeObject, why: Deletion];

/** In order. Returns what could not be deleted. */
export async function removeObjects(
  doomed: readonly Doomed[],
  { writer, target: { records } }: Pick<Context, 'writer' | 'target'>,
  signal: AbortSignal,
): Promise<FailedWrite[]> {
  const failures: FailedWrite[] = [];
  for (const [kind, object, why] of doomed) {
    const removed = await writer.remove(RESOURCE[kind], object, why, signal);
    // What is somebody's by now the watch tells of.
    if (removed.kind === 'foreign') continue;
    if (removed.kind !== 'failed') {
      records.removed(kind, object);
      continue;
    }
    failures.push({ object, failure: removed.failure });
    if (endsWrites(removed.failure)) break;
  }
  return failures;
}

/** Deletes them at once. */
export async function removeTogether(...[doomed, context, signal]: Parameters<typeof removeObjects>): Promise<FailedWrite[]> {
  return (await Promise.all(doomed.map((each) => removeObjects([each], context, signal)))).flat();
}
