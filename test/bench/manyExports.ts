/**
 * What a hub costs that has many exports: its processor time for each, its memory, and a restart, which writes nothing.
 */
import type { Federation } from '../e2e/federation.js';
import { sleep, until } from '../lab/process.js';
import type { Figure } from './measure.js';

/** As many as a member may export. */
export const VERY_MANY = 5_000;
/** So that none waits for long, since each is waited for for a bounded time. */
const TOGETHER = 500;
const RESTARTS = 3;

interface ManyExportsDeps {
  readonly federation: Federation;
  /** For the names of the figures. */
  readonly queue: string;
  /** Exports that there are already. */
  readonly standing: number;
  /** Resolves with how long all of them took to be mirrored, milliseconds. */
  readonly exportTogether: (names: readonly string[]) => Promise<number>;
  /** Services and slices that the hub has written so far. */
  readonly written: () => number;
}

export async function manyExports({ federation, queue, standing, exportTogether, written }: ManyExportsDeps): Promise<readonly Figure[]> {
  const of = `${queue}: ${VERY_MANY} exports`;
  const names = Array.from({ length: VERY_MANY - standing }, (_, n) => `many-${VERY_MANY}-${n}`);
  const idle = await useOf(federation);
  let took = 0;
  for (let first = 0; first < names.length; first += TOGETHER) took += await exportTogether(names.slice(first, first + TOGETHER));
  const after = await atRest(federation);
  const [times, writes]: [number[], number[]] = [[], []];
  for (let round = 0; round < RESTARTS; round += 1) {
    await federation.killHub();
    const before = written();
    const began = performance.now();
    federation.startHub();
    await until('a hub that is ready', 60_000, () =>
      federation.hubText('/readyz').then(
        () => true as const,
        () => undefined,
      ),
    );
    times.push(performance.now() - began);
    await atRest(federation);
    writes.push(written() - before);
  }
  return [
    { name: `${of}, ${TOGETHER} at once`, unit: 's', samples: [took / 1_000] },
    { name: `${of}, processor time of the hub for each`, unit: 'ms', samples: [((after.cpuS - idle.cpuS) * 1_000) / names.length] },
    { name: `${of}, resident memory of the hub`, unit: 'MiB', samples: [after.residentMiB] },
    { name: `${of}, restart until ready`, unit: 'ms', samples: times },
    { name: `${of}, restart, Services and slices written`, unit: 'writes', samples: writes, must: { max: { most: 0 } } },
  ];
}

interface Use {
  readonly cpuS: number;
  readonly residentMiB: number;
}

async function useOf(federation: Federation): Promise<Use> {
  const text = await federation.hubText('/metrics');
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return { cpuS: value('process_cpu_seconds_total'), residentMiB: value('process_resident_memory_bytes') / 2 ** 20 };
}

/** When it does next to nothing any more: what is reported of exports comes after them. */
async function atRest(federation: Federation): Promise<Use> {
  let before = await useOf(federation);
  return await until('a hub at rest', 120_000, async () => {
    await sleep(5_000);
    const now = await useOf(federation);
    const busy = now.cpuS - before.cpuS > 0.5;
    before = now;
    return busy ? undefined : now;
  });
}
