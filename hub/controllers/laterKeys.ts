/**
 * Keys of one target whose work no packet waits for: what people, and other programs, are told of Services. They are worked on when the
 * data path has been at rest for a moment, in all members, so that nobody's endpoints wait behind another one's reports; and for a
 * bounded time only, so that who changes something all the time holds up nobody's reports for good.
 */
import type { Clock } from '../../core/runtime/clock.js';

export interface LaterKeys {
  /** `imports` come before `reports`. False: it has been put off for so long that its turn is now. */
  put(key: string, what: 'imports' | 'reports'): boolean;
  /** It is being worked on. Whether it was its turn, and not that of an event. */
  began(key: string): boolean;
  /** Work on it has ended. */
  ended(key: string): void;
  clear(): void;
  readonly size: number;
}

interface LaterKeysDeps {
  readonly clock: Clock;
  /** How soon the data path will have been at rest for long enough, milliseconds; 0: it has. */
  readonly untilRest: () => number;
  /** It is the turn of `key`. */
  readonly pass: (key: string) => void;
}

/** The longest wait for the data path, milliseconds. */
const MOST_MS = 2_000;
/** Keys at once: fewer than a queue works on, so that what comes for the data path finds room. */
const SIDE_BY_SIDE = 8;
/** A queue that loses everything must not hold up what comes after, milliseconds. */
const LOST_MS = 10_000;

export function createLaterKeys({ clock, untilRest, pass }: LaterKeysDeps): LaterKeys {
  const lanes = { imports: new Set<string>(), reports: new Set<string>() };
  /** When each was first put off, until work on it has ended without that. */
  const since = new Map<string, number>();
  /** When it was its turn, of those that are not known to have ended. */
  const passed = new Map<string, number>();
  let cancel: (() => void) | undefined;

  /** What comes next, and in how many milliseconds. Each lane in its order. */
  function next(): { readonly key: string; readonly wait: number } | undefined {
    const heads = [lanes.imports, lanes.reports].flatMap(headOf).map((key) => ({ key, wait: waitOf(key) }));
    return heads.toSorted((a, b) => a.wait - b.wait)[0];
  }

  function waitOf(key: string): number {
    return Math.max(0, Math.min(untilRest(), (since.get(key) ?? 0) + MOST_MS - clock.now()), untilRoom());
  }

  function untilRoom(): number {
    if (passed.size < SIDE_BY_SIDE) return 0;
    const [oldest = 0] = passed.values();
    return oldest + LOST_MS - clock.now();
  }

  function passOn(): void {
    cancel?.();
    cancel = undefined;
    for (let head = next(); head !== undefined; head = next()) {
      if (head.wait > 0) {
        cancel = clock.after(head.wait, passOn);
        return;
      }
      const [oldest] = passed.keys();
      if (oldest !== undefined && passed.size >= SIDE_BY_SIDE) passed.delete(oldest);
      forget(head.key);
      passed.set(head.key, clock.now());
      pass(head.key);
    }
  }

  function forget(key: string): void {
    lanes.imports.delete(key);
    lanes.reports.delete(key);
  }

  return {
    put(key, what) {
      const first = since.get(key);
      if (first !== undefined && clock.now() - first >= MOST_MS && what === 'imports') return false;
      if (first === undefined) since.set(key, clock.now());
      lanes[what].add(key);
      if (cancel === undefined) passOn();
      return true;
    },
    began(key) {
      // What an event asks for is all of it.
      forget(key);
      return passed.has(key);
    },
    ended(key) {
      passed.delete(key);
      if (!lanes.imports.has(key) && !lanes.reports.has(key)) since.delete(key);
      passOn();
    },
    clear() {
      cancel?.();
      cancel = undefined;
      for (const each of [lanes.imports, lanes.reports, since, passed]) each.clear();
    },
    get size() {
      return lanes.imports.size + lanes.reports.size;
    },
  };
}

function headOf(lane: ReadonlySet<string>): string[] {
  for (const key of lane) return [key];
  return [];
}
