/**
 * The nft tables of others that could drop what concerns the mesh, as `nft` lists them. Only read. A table without end is left out, not
 * read in part: what is not listed could be an accept.
 */
import { tablesWithFilters } from '../../core/hostFirewall/ruleset.js';
import { NFT_TABLE } from '../../core/mesh/reserved.js';
import type { Runner, RunResult } from './runner.js';

/** Throws when nft cannot list them. */
export async function othersTables(runner: Pick<Runner, 'run'>): Promise<readonly string[]> {
  const chains = must(await runner.run(['nft', 'list', 'chains'], { maxBytes: MAX_BYTES }));
  const names = tablesWithFilters(chains).filter((name) => name !== `inet ${NFT_TABLE}`);
  const tables: string[] = [];
  for (const name of names.slice(0, MAX_TABLES)) {
    // Without the elements of sets, which may be thousands.
    const listed = await runner.run(['nft', '-t', 'list', 'table', ...name.split(' ')], { maxBytes: MAX_BYTES });
    if (listed.ok) tables.push(listed.stdout);
  }
  return tables;
}

const MAX_TABLES = 16;
const MAX_BYTES = 1024 * 1024;

function must(result: RunResult): string {
  if (!result.ok) throw new Error(`${result.command}: ${result.message}`);
  return result.stdout;
}
