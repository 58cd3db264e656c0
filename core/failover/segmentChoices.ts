/**
 * Which paths each segment's traffic takes, remembered from one choice to the next.
 */
import type { PathName } from '../mesh/probing.js';
import type { Choices } from './choices.js';
import { choose, type History, owing, type RankedPath, remember, worthProbing } from './choose.js';
import type { FailoverConfig, SegmentPath } from './config.js';
import type { Switch } from './effects.js';

export interface SegmentChoices {
  current(): Choices;
  /** What the host uses, for segments without a choice. */
  adopt(found: Choices): void;
  /** Forgets segments and paths that are gone. */
  configure(segments: FailoverConfig['segments']): void;
  /** Chooses for every segment. `rank`: its paths, in order of preference. */
  update(
    config: FailoverConfig,
    rank: (segment: string, paths: readonly SegmentPath[]) => readonly RankedPath[],
    now: number,
  ): ChoiceUpdate;
}

interface ChoiceUpdate {
  readonly switches: readonly Switch[];
  /** Would be chosen if they were seen to work now. */
  readonly worthProbing: readonly PathName[];
  /** May be better than a path in use that is dead, and have not answered since. */
  readonly owing: readonly PathName[];
}

export function createSegmentChoices(): SegmentChoices {
  const choices = new Map<string, readonly string[]>();
  const histories = new Map<string, History>();
  return {
    current: () => choices,
    adopt(found) {
      for (const [segment, names] of found) if (!choices.has(segment)) choices.set(segment, names);
    },
    configure(segments) {
      for (const [segment, chosen] of [...choices]) {
        const names = new Set<string>(segments.get(segment)?.paths.map(({ name }) => name));
        const left = chosen.filter((name) => names.has(name));
        if (left.length > 0) choices.set(segment, left);
        else choices.delete(segment);
        if (names.size === 0) histories.delete(segment);
      }
    },
    update({ segments, settings }, rank, now) {
      const switches: Switch[] = [];
      const probes: PathName[] = [];
      const owe: PathName[] = [];
      for (const [segment, { paths, spread }] of segments) {
        const ranked = rank(segment, paths);
        const history = remember(histories.get(segment) ?? new Map(), ranked, now, settings);
        histories.set(segment, history);
        const current = choices.get(segment) ?? [];
        const choice = { paths: ranked, current, history, spread, settings, now };
        const chosen = choose(choice);
        probes.push(...probesOf(paths, worthProbing(choice, chosen)));
        owe.push(...probesOf(paths, owing(choice, chosen)));
        if (chosen.join() === current.join()) continue;
        choices.set(segment, chosen);
        if (current.length > 0) switches.push({ segment, from: current, to: chosen });
      }
      return { switches, worthProbing: probes, owing: owe };
    },
  };
}

function probesOf(paths: readonly SegmentPath[], some: readonly RankedPath[]): readonly PathName[] {
  return paths.filter(({ name }) => some.some((each) => each.name === name)).map(({ probe }) => probe);
}
