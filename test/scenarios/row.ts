/**
 * A row: something that happens to the federation, repeated, and the figures of it.
 */
import type { Figure, Must } from '../bench/measure.js';
import type { Observed } from './watch.js';
import type { World } from './world.js';

export interface Row {
  readonly name: string;
  /** Seconds that the row takes with that many rounds. */
  seconds(rounds: number): number;
  run(context: RowContext): Promise<readonly Figure[]>;
}

export interface RowContext {
  readonly world: World;
  /** How often it is to happen. Rows that take minutes do it less often. */
  readonly rounds: number;
  note(text: string): void;
}

export const NONE_LOST: Must = { max: { most: 0 } };
/** Of flows that a fault hits: one that loses nothing shows that nothing has failed, and its outage says nothing. */
export const ALL_LOST_SOME: Must = { min: { least: 1 } };

/**
 * Lets `once` happen `rounds` times, with calm before each; `anew`: with new agents, where the last round left paths on probation. What
 * has `failed` in a round is noted with the flows it concerns, and the agents' logs of that time are kept in a file.
 */
export async function repeat<T extends Observed>(
  name: string,
  { world, rounds, note }: RowContext,
  plan: { once(round: number): Promise<readonly T[]>; failed(observed: T): boolean; readonly anew?: boolean },
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await world.calm(plan.anew === true ? 'anew' : undefined);
    const from = Date.now();
    const observed = await plan.once(round);
    all.push(...observed);
    const wrong = observed.filter((each) => plan.failed(each));
    const file =
      wrong.length === 0 ? '' : `; logs in ${world.keepLogs(`${name.replaceAll(/\W+/g, '-')}-${round}`, from - 1000, Date.now())}`;
    const outage = Math.round(Math.max(...observed.map(({ report }) => report.outageMs)));
    const lost = sum(observed.map(({ report }) => report.lost));
    note(`${name} ${round}/${rounds}: outage ${outage} ms, lost ${lost}${file}`);
    for (const each of wrong) note(`  ${describe(each)}`);
  }
  return all;
}

/** All that a person wants to know of a flow that did badly. */
export function describe({ from, to, gateways, direction, packetsPerSecond, report, outageAfterMs }: Observed): string {
  const lost =
    report.lost === 0
      ? 'lost 0'
      : `lost ${report.lost} of ${report.sent} (${report.losses
          .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
          .slice(0, 6)
          .join(', ')})`;
  const silent = `silent ${Math.round(report.outageMs)} ms from ${Math.round(outageAfterMs)} ms after`;
  return `${from} -> ${to} by ${gateways.join(', ')}, ${direction}, ${packetsPerSecond}/s: ${lost}, ${silent}`;
}

export function outages(name: string, observed: readonly Observed[], must?: Must): readonly Figure[] {
  return figure(
    name,
    'ms',
    observed.map(({ report }) => report.outageMs),
    must,
  );
}

export function losses(name: string, observed: readonly Observed[], must?: Must): readonly Figure[] {
  return figure(
    name,
    'packets',
    observed.map(({ report }) => report.lost),
    must,
  );
}

/** @throws when nothing was measured: what was to happen did not happen to anybody, and the row shows nothing. */
export function figure(name: string, unit: Figure['unit'], samples: readonly number[], must?: Must): readonly Figure[] {
  if (samples.length === 0) throw new Error(`${name}: nothing was measured`);
  return [{ name, unit, samples, ...(must === undefined ? {} : { must }) }];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
