/**
 * countWork: what a function does, as a number that is the same on every machine and under every load: calls of functions, and
 * elements that are walked. For tests of how cost grows; what it is in milliseconds belongs into a benchmark.
 *
 * V8 counts calls for its coverage, and misses those that optimized code makes, so nothing is optimized meanwhile. It counts no calls
 * of built-ins: those that walk a list are wrapped.
 */
import { type Profiler, Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

/** `act` runs once, and must do all of its work before it returns. */
export function countWork(act: () => unknown): number {
  const session = new Session();
  session.connect();
  const walked = watchWalks();
  setFlagsFromString('--no-opt');
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    act();
    // Stopped before anything of our own is walked.
    const elements = walked.stop();
    return elements + callsIn(takeCoverage(session));
  } finally {
    walked.stop();
    setFlagsFromString('--opt');
    session.disconnect();
  }
}

function takeCoverage(session: Session): readonly Profiler.ScriptCoverage[] {
  let taken: readonly Profiler.ScriptCoverage[] | undefined;
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error === null) taken = result;
  });
  if (taken === undefined) throw new Error('V8 gives no coverage');
  return taken;
}

function callsIn(scripts: readonly Profiler.ScriptCoverage[]): number {
  return scripts
    .filter(({ url }) => url.startsWith('file:') && url !== import.meta.url)
    .flatMap(({ functions }) => functions)
    .reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0);
}

interface Walks {
  /** Elements walked until the first stop. */
  stop(): number;
}

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

/** How many elements a built-in looks at, copies or moves, at most. */
type Cost = (list: readonly unknown[], args: readonly unknown[], result: unknown) => number;

const whole: Cost = (list) => list.length;
const copied: Cost = (_list, _args, result) => (result as readonly unknown[]).length;
const behind: Cost = (list, [start]) => (Number(start) < 0 ? -Number(start) : list.length - Number(start));

const WALKERS: Readonly<Record<string, Cost>> = {
  ...{ includes: whole, indexOf: whole, lastIndexOf: whole, join: whole, shift: whole, unshift: whole },
  ...{ concat: copied, slice: copied, splice: behind },
};

/** Loops and spreads call `next` of an iterator once an element. */
function watchWalks(): Walks {
  let walked = 0;
  const undo: (() => void)[] = [];
  const wrap = (owner: object, name: string, cost: Cost): void => {
    const methods = owner as Record<string, Method>;
    const method = methods[name] as Method;
    methods[name] = function wrapped(this: unknown, ...args) {
      const result = Reflect.apply(method, this, args);
      walked += cost(this as readonly unknown[], args, result);
      return result;
    };
    undo.push(() => (methods[name] = method));
  };
  for (const [name, cost] of Object.entries(WALKERS)) wrap(Array.prototype, name, cost);
  for (const some of [[], new Map(), new Set()]) wrap(Object.getPrototypeOf(some[Symbol.iterator]()) as object, 'next', () => 1);
  return {
    stop() {
      while (undo.length > 0) undo.pop()?.();
      return walked;
    },
  };
}
