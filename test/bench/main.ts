/**
 * `make bench`: runs the benchmark groups and prints a table; `OUT=file` also writes JSON, `ONLY=name` runs one group.
 */
import { writeFileSync } from 'node:fs';
import { renderTable } from '../../core/render/table.js';
import { type BenchGroup, type Summary, summarise } from './measure.js';
import { propagation } from './propagation.js';
import { throughput } from './throughput.js';

const GROUPS: readonly BenchGroup[] = [propagation, throughput];

process.exitCode = await main(process.env['ONLY'], process.env['OUT']);

async function main(only: string | undefined, out: string | undefined): Promise<number> {
  const groups = GROUPS.filter((group) => only === undefined || group.name === only);
  if (groups.length === 0) {
    note(`no benchmark group ${only}; there are: ${GROUPS.map((group) => group.name).join(', ')}`);
    return 2;
  }
  const total = groups.reduce((sum, group) => sum + group.seconds, 0);
  note(`${groups.length} group(s), about ${Math.ceil(total / 60)} min`);
  const summaries: Summary[] = [];
  for (const group of groups) {
    note(`${group.name}: ${group.about} (about ${group.seconds} s)`);
    summaries.push(...(await group.run((text) => note(`  ${text}`))).map(summarise));
  }
  process.stdout.write(`${renderTable(['name', 'unit', 'n', 'p50', 'p99', 'max'], summaries.map(row))}\n`);
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(summaries, undefined, 2)}\n`);
  return 0;
}

function row(summary: Summary): string[] {
  return [summary.name, summary.unit, ...[summary.n, summary.p50, summary.p99, summary.max].map(String)];
}

function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
