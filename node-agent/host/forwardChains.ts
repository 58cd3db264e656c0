/**
 * The FORWARD chains of iptables on this host (core/host/forward.ts), by `nft` and `iptables-legacy`.
 *
 * The kernel lists which legacy tables exist: calling `iptables-legacy` would create them.
 */
import { readFile } from 'node:fs/promises';
import { forwardComment, legacyArguments, nftMatch, parseLegacyForward, parseNftForward } from '../../core/host/forward.js';
import { FORWARD_CHAINS, type ForwardChain, type ForwardState } from '../../core/host/state.js';
import type { Log } from '../../core/runtime/log.js';
import type { Runner, RunResult } from './runner.js';

export interface ForwardChains {
  /** Throws when a chain that is there cannot be read. */
  read(): Promise<ForwardState>;
  /** Both return undefined, or what went wrong. A new rule comes before all others. */
  add(chain: ForwardChain, rule: string): Promise<string | undefined>;
  delete(chain: ForwardChain, rule: string): Promise<string | undefined>;
}

export function createForwardChains({ runner, log }: { readonly runner: Runner; readonly log: Log }): ForwardChains {
  let toldMissing = false;

  async function rulesIn(chain: ForwardChain): Promise<ReadonlySet<string> | undefined> {
    const [kind, family] = split(chain);
    if (kind === 'nft') {
      const rules = await nftRules(runner, family);
      return rules === undefined ? undefined : new Set(rules.keys());
    }
    if (!(await legacyTables(family)).includes('filter')) return undefined;
    const listed = await runner.run([LEGACY[family], '-w', WAIT_S, '-S', 'FORWARD']);
    if (listed.ok) return parseLegacyForward(listed.stdout);
    if (listed.kind !== 'missing') throw new Error(`${listed.command}: ${listed.message}`);
    if (!toldMissing)
      log.warn('This host filters by iptables-legacy, which is not installed here: what it drops stays dropped', {
        reason: listed.message,
      });
    toldMissing = true;
    return undefined;
  }

  return {
    async read() {
      const all = await Promise.all(FORWARD_CHAINS.map(async (chain) => [chain, await rulesIn(chain)] as const));
      return new Map(all.flatMap(([chain, rules]) => (rules === undefined ? [] : [[chain, rules] as const])));
    },
    async add(chain, rule) {
      const [kind, family] = split(chain);
      return reason(
        await (kind === 'nft'
          ? runner.run(['nft', '-f', '-'], {
              stdin: `insert rule ${family} filter FORWARD ${nftMatch(chain, rule)} comment "${forwardComment(rule)}"\n`,
            })
          : runner.run([LEGACY[family], '-w', WAIT_S, '-I', 'FORWARD', '1', ...legacyArguments(rule)])),
      );
    },
    async delete(chain, rule) {
      const [kind, family] = split(chain);
      if (kind === 'legacy') return reason(await runner.run([LEGACY[family], '-w', WAIT_S, '-D', 'FORWARD', ...legacyArguments(rule)]));
      const handle = (await nftRules(runner, family))?.get(rule);
      return handle === undefined
        ? undefined
        : reason(await runner.run(['nft', 'delete', 'rule', family, 'filter', 'FORWARD', 'handle', String(handle)]));
    },
  };
}

type Family = 'ip' | 'ip6';

const LEGACY = { ip: 'iptables-legacy', ip6: 'ip6tables-legacy' } as const;
/** Others may hold the lock of iptables for a moment. */
const WAIT_S = '5';

function split(chain: ForwardChain): readonly ['nft' | 'legacy', Family] {
  return chain.split(' ') as ['nft' | 'legacy', Family];
}

/** Undefined: there is no such chain. */
async function nftRules(runner: Runner, family: Family): Promise<ReadonlyMap<string, number> | undefined> {
  const listed = await runner.run(['nft', '-j', 'list', 'chain', family, 'filter', 'FORWARD']);
  if (listed.ok) return parseNftForward(listed.stdout);
  if (listed.kind === 'exit' && listed.message.includes('No such file or directory')) return undefined;
  throw new Error(`${listed.command}: ${listed.message}`);
}

/** Of this network namespace. A kernel without them has no such file. */
async function legacyTables(family: Family): Promise<readonly string[]> {
  const text = await readFile(`/proc/net/${family}_tables_names`, 'utf8').catch(() => '');
  return text.split('\n');
}

function reason(result: RunResult): string | undefined {
  return result.ok ? undefined : result.message;
}
