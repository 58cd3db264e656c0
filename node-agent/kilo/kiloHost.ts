/**
 * KiloHost: reads what may be Kilo's on this host, and removes what is.
 */
import type { Family } from '../../core/net/family.js';
import type { HostTexts } from '../../core/kilo/recognise.js';
import type { KiloStep } from '../../core/kilo/removal.js';
import { VARIANTS, type Variant } from '../../core/kilo/traces.js';
import { lacksIpv6, type Runner, type RunResult } from '../host/runner.js';
import { kiloRuns } from './running.js';

export interface KiloHost {
  /** Evidence that Kilo's agent runs, for people; undefined: it does not run. */
  runs(): Promise<string | undefined>;
  /** @throws when the host cannot be read. */
  read(): Promise<HostTexts>;
  /** What could not be removed, and why; the rest is. */
  remove(steps: readonly KiloStep[]): Promise<readonly string[]>;
}

export function createKiloHost(runner: Runner): KiloHost {
  return {
    runs: () => kiloRuns(),
    async read() {
      const read = (...argv: string[]): Promise<string> => runner.run(argv).then(must);
      const [addresses, routes, inet, inet6, saved] = await Promise.all([
        read('ip', '-j', '-d', 'addr'),
        read('ip', '-j', 'route', 'show', 'table', 'all', 'proto', 'static'),
        read('ip', '-j', '-d', '-4', 'rule'),
        read('ip', '-j', '-d', '-6', 'rule'),
        Promise.all(VARIANTS.map(async (variant) => [variant, await readVariant(runner, variant)] as const)),
      ]);
      return { addresses, routes, rules: { inet, inet6 }, saved: Object.fromEntries(saved.filter(([, text]) => text !== undefined)) };
    },
    async remove(steps) {
      const failures: string[] = [];
      for (const run of runsOf(steps)) {
        if ((await together(runner, run))?.ok === true) continue;
        for (const step of run) {
          const result = await carryOut(runner, step);
          if (result.ok || GONE.test(result.message)) continue;
          const { stepText } = await import('../../core/kilo/removal.js');
          failures.push(`${stepText(step)}: ${result.message}`);
        }
      }
      return failures;
    },
  };
}

const GONE = /No such (process|device|file)|Cannot (find device|assign requested address)/;

/** A kernel without that packet filter holds no rules; without the program they cannot be read. */
async function readVariant(runner: Runner, variant: Variant): Promise<string | undefined> {
  const result = await runner.run([`${variant}-save`]);
  return result.ok ? result.stdout : undefined;
}

/** Consecutive lines of one family: Kilo has a route per prefix, and a process for each would take seconds. */
function runsOf(steps: readonly KiloStep[]): readonly (readonly KiloStep[])[] {
  const runs: KiloStep[][] = [];
  for (const step of steps) {
    const before = runs.at(-1)?.[0];
    if (before?.kind === 'ip' && step.kind === 'ip' && before.family === step.family) runs.at(-1)?.push(step);
    else runs.push([step]);
  }
  return runs;
}

/** Undefined: not possible. One line that fails is found by trying each. */
async function together(runner: Runner, run: readonly KiloStep[]): Promise<RunResult | undefined> {
  const [first] = run;
  if (first?.kind !== 'ip') return undefined;
  const lines = run.map((step) => (step.kind === 'ip' ? `${step.line}\n` : ''));
  return runner.run(['ip', ...familyFlag(first.family), '-force', '-batch', '-'], { stdin: lines.join('') });
}

function familyFlag(family: Family): readonly string[] {
  return family === 'inet6' ? ['-6'] : [];
}

function carryOut(runner: Runner, step: KiloStep): Promise<RunResult> {
  if (step.kind === 'ip') return runner.run(['ip', ...familyFlag(step.family), ...step.line.split(' ')]);
  return runner.run([`${step.variant}-restore`, '--noflush', '--wait', '5'], { stdin: step.input });
}

function must(result: RunResult): string {
  if (result.ok || lacksIpv6(result)) return result.stdout;
  throw new Error(`${result.command}: ${result.message}`);
}
