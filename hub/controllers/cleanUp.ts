/**
 * Takes everything of ours out of a member that is one no more, as long as its credentials still work.
 */
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import type { Member } from '../members/member.js';
import type { Held } from '../records/held.js';
import type { WatchedKind } from '../records/memberRecords.js';
import type { Writer } from './writer.js';

/** What traffic uses goes first. Resolves when all is gone, at the first failure, or when the signal aborts. */
export async function cleanUp(member: Member, deps: { readonly writer: Writer; readonly log: Log }, signal: AbortSignal): Promise<void> {
  const log = deps.log.with({ member: member.id });
  let removed = 0;
  for (const [kind, object] of ownIn(member)) {
    if (signal.aborted) break;
    const result = await deps.writer.remove(RESOURCE[kind], object, signal);
    if (result.kind === 'failed') {
      log.warn('could not clean up after a member that was removed; delete what is labelled kilofed.io/managed-by=kilofed-hub in it', { reason: result.failure.message, removed });
      return;
    }
    removed += 1;
  }
  log.info('cleaned up after a member that was removed', { removed });
}

function ownIn({ records }: Member): (readonly [WatchedKind, KubeObject])[] {
  const mirrors = [...records.mirrored()].map((service) => records.mirrorsOf(service));
  const held = (map: ReadonlyMap<string, Held>): KubeObject[] => [...map.values()].flatMap((each) => (each.own ? [each.object] : []));
  const all: readonly (readonly [WatchedKind, readonly KubeObject[]])[] = [
    ['endpointSlice', mirrors.flatMap(({ slices }) => slices)],
    ['service', mirrors.flatMap(({ services }) => services)],
    ['serviceImport', held(records.imports())],
    ['serviceExport', held(records.exports())],
    ['peer', held(records.peers())],
  ];
  return all.flatMap(([kind, objects]) => objects.map((object) => [kind, object] as const));
}
