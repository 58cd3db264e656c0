/**
 * `make bench`: runs the benchmark groups and prints a table; `OUT=file` also writes JSON, `ONLY=name` runs one group. Groups of
 * many rows take `ROUNDS=number` and `ROWS=word,word`. Ends with 1 where a figure is not what it must be, or could not be taken.
 */
import { writeFileSync } from 'node:fs';
import { renderTable } from '../../core/render/table.js';
import { cost } from './cost.js';
import { growth } from './growth.js';
import { failover } from './failover.js';
import { fromMembers } from './fromMembers.js';
import { hostile } from './hostile.js';
import { links } from './links.js';
import { type BenchGroup, type Choice, missed, type Summary, summarise } from './measure.js';
import { propagation } from './propagation.js';
import { quiet } from './quiet.js';
import { throughput } from './throughput.js';

const GROUPS: readonly BenchGroup[] = [growth, propagation, throughput, fromMembers, cost, hostile, failover, links, quiet];

const { ONLY, OUT, ROUNDS, ROWS } = process.env;
process.exitCode = await main(
  { only: ONLY, out: OUT },
  { ...(ROUNDS === undefined ? {} : { rounds: Number(ROUNDS) }), ...(ROWS === undefined ? {} : { rows: ROWS.split(',') }) },
);

async function main(
  { only, out }: { readonly only: string | undefined; readonly out: string | undefined },
  choice: Choice,
): Promise<number> {
  if (choice.rounds !== undefined && !(Number.isInteger(choice.rounds) && choice.rounds > 0)) {
    note('ROUNDS is not a number of rounds: write one, such as 3');
    return 2;
  }
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
    try {
      summaries.push(...(await group.run((text) => note(`  ${text}`), choice)).map(summarise));
    } catch (error) {
      // What the other groups found is still worth printing.
      note(`  FAILED: ${error instanceof Error ? error.message : String(error)}`);
      summaries.push(summarise({ name: `${group.name}: could not be measured`, unit: 'rows', samples: [1], must: { max: { most: 0 } } }));
    }
  }
  process.stdout.write(`${renderTable(['name', 'unit', 'n', 'min', 'p50', 'p95', 'p99', 'max', 'must', ''], summaries.map(row))}\n`);
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(summaries, undefined, 2)}\n`);
  const wrong = missed(summaries);
  if (wrong.length > 0)
    note(`${wrong.length} of ${summaries.length} figures are not what they must be: ${wrong.map(({ name }) => name).join('; ')}`);
  return wrong.length > 0 ? 1 : 0;
}

function row(summary: Summary): string[] {
  const { name, unit, n, min, p50, p95, p99, max, must } = summary;
  return [
    name,
    unit,
    ...[n, min, p50, p95, p99, max].map(String),
    must?.text ?? '',
    must === undefined ? '' : must.holds ? 'holds' : 'MISSED',
  ];
}

function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
