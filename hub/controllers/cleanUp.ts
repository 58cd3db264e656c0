/**
 * Deletes everything of ours from a member that was removed, and takes the hub's conditions out of people's ServiceExports, as long as its
 * credentials still work.
 */
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import type { Member } from '../members/member.js';
import type { ExistingObject } from '../records/existingObject.js';
import type { WatchedKind } from '../records/feed.js';
import { ownConditions, type ServiceExport } from './ownConditions.js';
import type { Writer } from './writer.js';

/** Deletes what carries traffic first, up to the first failure, or until `signal` aborts. Returns why not all is gone; undefined: it is. */
export async function cleanUp(
  member: Member,
  deps: { readonly writer: Writer; readonly log: Log },
  signal: AbortSignal,
): Promise<string | undefined> {
  const log = deps.log.with({ member: member.id });
  let removed = 0;
  const giveUp = (reason: string): string => {
    log.warn('Could not clean up after a member that was removed; delete what is labelled kilofed.io/managed-by=kilofed-hub in it', {
      reason,
      removed,
    });
    return reason;
  };
  for (const [kind, object] of ownObjects(member)) {
    if (signal.aborted) return giveUp('it took too long');
    const result = await deps.writer.remove(RESOURCE[kind], object, 'left', signal);
    if (result.kind === 'failed') return giveUp(result.failure.message);
    removed += 1;
  }
  const stays = await withdrawConditions(member, deps.writer, signal);
  if (stays !== undefined) return giveUp(stays);
  log.info('Cleaned up after a member that was removed', { removed });
  return undefined;
}

/** Returns why not all of them are gone. */
async function withdrawConditions({ records }: Member, writer: Writer, signal: AbortSignal): Promise<string | undefined> {
  for (const { own, object } of records.exports().values()) {
    if (own || object === undefined) continue;
    if (signal.aborted) return 'it took too long';
    const result = await writer.ensureStatus(RESOURCE.serviceExport, withoutStatus(object), ownConditions(object), signal);
    if (result.kind === 'failed' && result.failure.kind !== 'notFound') return result.failure.message;
  }
  return undefined;
}

/** Applied, it takes out the conditions that the hub wrote. */
function withoutStatus({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): ServiceExport {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) }, status: { conditions: [] } };
}

function ownObjects({ records }: Member): (readonly [WatchedKind, KubeObject])[] {
  const mirrors = [...records.mirrored()].map((service) => records.mirrorsOf(service));
  const ownIn = (map: ReadonlyMap<string, ExistingObject>): KubeObject[] =>
    [...map.values()].flatMap((each) => (each.own ? [each.object] : []));
  const all: readonly (readonly [WatchedKind, readonly KubeObject[]])[] = [
    ['endpointSlice', mirrors.flatMap(({ slices }) => slices)],
    ['service', mirrors.flatMap(({ services }) => services)],
    ['serviceImport', ownIn(records.imports())],
    ['serviceExport', ownIn(records.exports())],
    ['peer', ownIn(records.peers())],
  ];
  return all.flatMap(([kind, objects]) => objects.map((object) => [kind, object] as const));
}
