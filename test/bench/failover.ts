/**
 * `make bench ONLY=failover`: what every planned and unplanned event costs the flows of pods, on bare nodes with real WireGuard.
 */
import { renderTable } from '../../core/render/table.js';
import { ROWS } from '../scenarios/rows.js';
import { startWorld } from '../scenarios/world.js';
import type { BenchGroup, Figure } from './measure.js';

const ROUNDS = 10;

export const failover: BenchGroup = {
  name: 'failover',
  about: 'what gateways that die, drain, restart and return cost the flows of pods',
  seconds: ROWS.reduce((total, row) => total + row.seconds(ROUNDS), 15),
  async run(note, { rounds = ROUNDS, rows }) {
    const chosen = ROWS.filter(({ name }) => rows === undefined || rows.some((word) => name.includes(word)));
    if (chosen.length === 0)
      throw new Error(
        `no row of failover contains ${rows?.join(' or ')}; there are:\n${renderTable(
          ['name'],
          ROWS.map(({ name }) => [name]),
        )}`,
      );
    const world = await startWorld('/tmp/kilofed-failover');
    try {
      const figures: Figure[] = [];
      let failed = 0;
      for (const row of chosen) {
        note(`${row.name} (about ${row.seconds(rounds)} s)`);
        try {
          figures.push(...(await row.run({ world, rounds, note: (text) => note(`  ${text}`) })));
        } catch (error) {
          // The others are still worth their minutes.
          failed += 1;
          note(`  FAILED: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      return [...figures, { name: 'rows that could not be measured', unit: 'rows', samples: [failed], must: { max: { most: 0 } } }];
    } finally {
      await world.stop();
    }
  },
};
