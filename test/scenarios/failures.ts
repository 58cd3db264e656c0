/**
 * A row as a test asks for it: a few rounds, and room for a busy machine in what a silence may last.
 */
import { type Figure, missed, summarise, type Summary } from '../bench/measure.js';
import { ROWS } from './rows.js';
import type { World } from './world.js';

interface Failures {
  /** Figures that are not what they must be. */
  readonly figures: readonly Summary[];
  /** What the row said, where there are any. */
  readonly notes: readonly string[];
}

export const NO_FAILURES: Failures = { figures: [], notes: [] };

/** `ms`: what a silence may last. Planned events lose nothing, whatever the machine does meanwhile. */
export async function failuresIn(
  world: World,
  name: string,
  { rounds, ms }: { readonly rounds: number; readonly ms: number },
): Promise<Failures> {
  const row = ROWS.find((each) => each.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  const notes: string[] = [];
  const figures = missed((await row.run({ world, rounds, note: (text) => notes.push(text) })).map((each) => summarise(withRoom(each, ms))));
  return { figures, notes: figures.length === 0 ? [] : notes };
}

/** At most that many milliseconds, instead of what an idle machine does; what was to happen must have, all the same. */
function withRoom(figure: Figure, ms: number): Figure {
  return figure.unit === 'ms'
    ? { ...figure, must: { ...(figure.must?.min === undefined ? {} : { min: figure.must.min }), max: { most: ms } } }
    : figure;
}
