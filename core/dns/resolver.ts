/**
 * Resolver: the addresses of the DNS names among the endpoints, looked up beside a reconcile loop.
 *
 * A name that fails keeps its last answer. Of several answers that can be used the one in use stays while it is still among them, so that
 * round-robin names do not make tunnels wander. Names are looked up again every 30 s, and when a tunnel fails or a peer stops answering; a
 * name that fails is retried after 1 s, then 2 s, and so on up to 30 s.
 */
import { createLane } from './lane.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';

export interface Resolver {
  /**
   * From now on `names` are wanted, and no others. Those of other members, by name, are looked up one after the other, beside the rest.
   */
  want(names: readonly string[], ofMembers?: ReadonlyMap<string, string>): void;
  answers(): Readonly<Record<string, string>>;
  /** `failed`: it never had an answer, and was asked for. */
  outcome(name: string): 'answered' | 'failed' | 'asking';
  /** Asks every name now: something does not answer. */
  resolveNow(): void;
  close(): void;
}

interface ResolverDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** All addresses of a name; rejects when there are none. Must end by itself. */
  lookup(name: string): Promise<readonly string[]>;
  /** Those of a name's addresses that may be used, the best first; never none of some. Absent: all, by their text. */
  usable?(addresses: readonly string[]): readonly string[];
  /** An answer is new or has changed, or a name has none at the first time of asking. */
  onChange(): void;
}

export function createResolver(deps: ResolverDeps, initial: Readonly<Record<string, string>> = {}): Resolver {
  const known = new Map(Object.entries(initial));
  const wanted = new Set<string>();
  const asking = new Set<string>();
  /** How often a name has failed since it last had an answer. */
  const failures = new Map<string, number>();
  const lane = createLane(deps.clock);
  let members: ReadonlyMap<string, string> = new Map();
  let closed = false;
  const lookUp = (name: string): Promise<string | undefined> => {
    const member = members.get(name);
    if (member === undefined) return lookup(deps, name, known.get(name));
    // Its time begins with its turn. A look-up that took too long goes on, and occupies a thread.
    return lane.run(member, () => {
      const ended = deps.lookup(name);
      return { result: lookup({ ...deps, lookup: () => ended }, name, known.get(name)), ended };
    });
  };
  const ask = async (name: string): Promise<void> => {
    asking.add(name);
    const answer = await lookUp(name).finally(() => asking.delete(name));
    if (answer === undefined) askAgain(name);
    else failures.delete(name);
    if (answer === undefined || closed || !wanted.has(name) || known.get(name) === answer) return;
    known.set(name, answer);
    deps.onChange();
  };
  const askAgain = (name: string): void => {
    const failed = (failures.get(name) ?? 0) + 1;
    failures.set(name, failed);
    if (failed === 1 && !known.has(name) && !closed && wanted.has(name)) deps.onChange();
    const ms = RETRY_MS * 2 ** (failed - 1);
    if (ms < AGAIN_MS) deps.clock.after(ms, () => void (closed || !wanted.has(name) || asking.has(name) || ask(name)));
  };
  const askAll = (): void => {
    for (const name of wanted) if (!asking.has(name)) void ask(name);
  };
  let cancel = (): void => undefined;
  const again = (): void => {
    askAll();
    cancel = deps.clock.after(AGAIN_MS, again);
  };
  cancel = deps.clock.after(AGAIN_MS, again);
  return {
    want(names, ofMembers = new Map<string, string>()) {
      members = ofMembers;
      const fresh = names.filter((name) => !wanted.has(name));
      wanted.clear();
      for (const name of names) wanted.add(name);
      for (const name of fresh) if (!asking.has(name)) void ask(name);
    },
    answers: () => Object.fromEntries([...known].filter(([name]) => wanted.has(name))),
    outcome: (name) => (known.has(name) ? 'answered' : failures.has(name) ? 'failed' : 'asking'),
    resolveNow: askAll,
    close() {
      closed = true;
      cancel();
    },
  };
}

const AGAIN_MS = 30_000;
const RETRY_MS = 1000;
const TIMEOUT_MS = 5000;

async function lookup(deps: ResolverDeps, name: string, current: string | undefined): Promise<string | undefined> {
  try {
    const found = await withTimeout(deps, deps.lookup(name));
    const usable = deps.usable?.(found) ?? found.toSorted();
    return current !== undefined && usable.includes(current) ? current : usable[0];
  } catch (error) {
    deps.log.warn('An endpoint name cannot be resolved; its peer keeps its last address', {
      name,
      error: error instanceof Error ? error.message : String(error),
    });
    return undefined;
  }
}

function withTimeout<T>(deps: ResolverDeps, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = deps.clock.after(TIMEOUT_MS, () => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    promise.then(resolve, reject).finally(cancel);
  });
}
