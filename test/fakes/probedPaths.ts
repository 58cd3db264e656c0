/**
 * Tables of probed paths for tests, brought to the states that they ask for.
 */
import { createPathTable, type PathTable, type TrackedPath } from '../../core/failover/pathTable.js';
import type { PathState } from '../../core/failover/probedPath.js';
import { DEFAULT_SETTINGS } from '../../core/failover/settings.js';
import { pathName, type PathName, type ProbePath, type ProbePathId, type ProbeTarget } from '../../core/mesh/probing.js';

export const target = (name: string, segment?: string): ProbeTarget => ({
  name,
  publicKey: `key-${name}`,
  address: '10.4.0.1',
  ...(segment === undefined ? {} : { segment }),
});

/** lan and relay paths lead to the node of that name, or by it to the gateways f0 and f1 of `far`. */
export function probePath(id: ProbePathId, change: Partial<Pick<ProbePath, 'from' | 'answerVia' | 'targets' | 'yields'>> = {}): ProbePath {
  return { slot: 0, ...id, name: pathName(id), from: 1, targets: targetsOf(id), ...change };
}

function targetsOf(id: ProbePathId): readonly ProbeTarget[] {
  if (!('node' in id)) return [target(`f${id.slot}`, id.segment)];
  return id.kind === 'lan' ? [target(id.node)] : [target('f0', 'far'), target('f1', 'far')];
}

/**
 * When a path became what it is: it was last probed at these milliseconds, and answered 10 ms later if at all. silent: it does not answer
 * the last probe.
 */
export interface Story {
  readonly state: PathState | 'silent';
  readonly at?: number;
}

export const ANSWER_MS = 10;

export type Stories = { readonly [name in PathName]?: Story | readonly Story[] };

/** A table of `paths`, each of which is new unless `stories` say otherwise. */
export function tableOf(paths: readonly ProbePath[], stories: Stories = {}): PathTable {
  const table = createPathTable(() => 0);
  table.configure(paths, DEFAULT_SETTINGS, 0);
  for (const { path, probed } of table.all()) {
    for (const { state, at = 0 } of [stories[path.name] ?? []].flat()) {
      if (state === 'up') answer(probed, at);
      if (state === 'silent') probed.sent(-1, at);
      if (state === 'down') fail(probed, at);
    }
  }
  return table;
}

function answer(probed: TrackedPath['probed'], at: number): void {
  probed.sent(0, at);
  probed.answered(0, at + ANSWER_MS);
  probed.check(at + ANSWER_MS);
}

function fail(probed: TrackedPath['probed'], at: number): void {
  const probes = Math.max(...(['lan', 'tunnel', 'relay', 'alternate'] as const).map((kind) => DEFAULT_SETTINGS[kind].failureThreshold));
  for (let nonce = 1; nonce <= probes; nonce += 1) probed.sent(-nonce, at);
  probed.check(at + GIVEN_UP_MS);
}

/** A probe that was sent this long ago is overdue, whatever the path was like before. */
export const GIVEN_UP_MS = 1000;
