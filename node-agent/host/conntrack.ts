/**
 * Forgets connections that were translated towards prefixes that have become known (core/host/conntrack.ts).
 *
 * It runs beside everything else, one call at a time; what arrives meanwhile is done in the next call. A table of hundreds of thousands of
 * entries takes a second to read, and no route waits for that. A failure costs only those connections, so it is logged and not retried.
 */
import { staleFlows } from '../../core/host/conntrack.js';
import type { Log } from '../../core/runtime/log.js';
import type { Runner, RunResult } from './runner.js';
import type { Sysctls } from './sysctl.js';

export interface Conntrack {
  /** Returns at once. */
  forget(prefixes: readonly string[]): void;
}

interface ConntrackDeps {
  readonly runner: Runner;
  readonly sysctls: Sysctls;
  readonly log: Log;
}

export function createConntrack(deps: ConntrackDeps): Conntrack {
  const waiting = new Set<string>();
  let running = false;
  let toldMissing = false;

  const rounds = async (): Promise<void> => {
    while (waiting.size > 0) {
      const prefixes = [...waiting];
      waiting.clear();
      const problem = await forgetNow(deps, prefixes);
      if (problem === undefined || (problem.kind === 'missing' && toldMissing)) continue;
      toldMissing ||= problem.kind === 'missing';
      deps.log.warn(problem.kind === 'missing' ? MISSING : 'Connections from before a prefix was known may stay translated', {
        reason: problem.message,
      });
    }
    running = false;
  };

  return {
    forget(prefixes) {
      for (const prefix of prefixes) waiting.add(prefix);
      if (running || waiting.size === 0) return;
      running = true;
      rounds().catch((error: unknown) => {
        running = false;
        deps.log.warn('Connections from before a prefix was known may stay translated', { error });
      });
    },
  };
}

const MISSING = 'conntrack is not installed: a connection that was translated before its destination joined stays so until it pauses';
const COUNT = 'net/netfilter/nf_conntrack_count';
const LIST_MS = 5000;

type Failed = Extract<RunResult, { ok: false }>;

async function forgetNow({ runner, sysctls }: ConntrackDeps, prefixes: readonly string[]): Promise<Failed | undefined> {
  // Calling `conntrack` would load connection tracking into a kernel without it.
  const count = (await sysctls.read([COUNT])).get(COUNT);
  if (count === undefined || count === '0') return undefined;
  const families = ['ipv4', 'ipv6'].filter((family) => prefixes.some((prefix) => prefix.includes(':') === (family === 'ipv6')));
  const listings: string[] = [];
  for (const family of families) {
    const listed = await runner.run(['conntrack', '-L', '-f', family], { timeoutMs: LIST_MS });
    if (!listed.ok) return listed;
    listings.push(listed.stdout);
  }
  for (const filter of staleFlows(listings.join('\n'), prefixes)) {
    const deleted = await runner.run(['conntrack', '-D', ...filter], { timeoutMs: LIST_MS });
    // The exit status is 1, too, if the connections are gone already.
    if (!deleted.ok && !deleted.message.includes('0 flow entries')) return deleted;
  }
  return undefined;
}
