/**
 * The lab's command line: `node out/test/lab/main.js COMMAND`, where COMMAND is `setup [PURPOSE]`, `check`, `in-world -- COMMAND...`,
 * `shell [RUN] [-- COMMAND...]` or `sweep`.
 */
import type { Purpose } from './binaries/build.js';
import { checkMachine } from './setup/checks.js';
import { describeFindings, setUp } from './setup/setup.js';
import { enterWorld } from './world/enter.js';
import { shellIn } from './world/shell.js';
import { listRuns, sweep } from './world/state.js';

const USAGE = `usage: node out/test/lab/main.js COMMAND
  setup [PURPOSE]          install and build what the lab lacks; flannel, tests: and what one with flannel needs, or all tests
  check                    say what it lacks
  in-world -- COMMAND...   run a command in namespaces of its own
  shell [RUN] [-- COMMAND] enter a running lab
  sweep                    remove what dead runs left
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const dashes = argv.indexOf('--');
  const [command = '', argument] = dashes < 0 ? argv : argv.slice(0, dashes);
  const rest = dashes < 0 ? [] : argv.slice(dashes + 1);
  try {
    switch (command) {
      case 'setup':
        return await setup(argument === 'tests' || argument === 'flannel' ? argument : 'lab');
      case 'check':
        return await check();
      case 'in-world':
        return rest.length === 0 ? usage() : await inWorld(rest);
      case 'shell':
        return await shell(argument, rest);
      case 'sweep':
        return await sweepAll();
      default:
        return usage();
    }
  } catch (error) {
    note((error as Error).message);
    return 1;
  }
}

async function setup(purpose: Purpose): Promise<number> {
  const { ok, findings } = await setUp(purpose, note);
  if (findings.length > 0) process.stderr.write(describeFindings(findings));
  if (ok) note('all that the lab needs is here');
  return ok ? 0 : 1;
}

async function check(): Promise<number> {
  const findings = await checkMachine('lab');
  if (findings.length > 0) process.stderr.write(describeFindings(findings));
  return findings.every((finding) => finding.kind === 'warning') ? 0 : 1;
}

async function inWorld(argv: readonly string[]): Promise<number> {
  const findings = await checkMachine('lab');
  const missing = findings.filter((finding) => finding.kind !== 'warning');
  if (missing.length > 0) {
    process.stderr.write(describeFindings(missing));
    return 1;
  }
  return enterWorld(argv);
}

async function shell(id: string | undefined, argv: readonly string[]): Promise<number> {
  const alive = (await listRuns()).filter((run) => run.alive).map((run) => run.id);
  if (id !== undefined && !alive.includes(id)) {
    note(`no run ${id}; running: ${alive.join(', ') || 'none'}`);
    return 1;
  }
  const chosen = id ?? alive.at(-1);
  if (chosen === undefined) {
    note('no lab is running: start one with `make demo` in another terminal');
    return 1;
  }
  return shellIn(chosen, argv);
}

async function sweepAll(): Promise<number> {
  const { removed, kept } = await sweep();
  note(removed.length === 0 ? 'nothing to remove' : `removed what ${removed.join(', ')} left`);
  for (const { id, reason } of kept) note(`could not remove ${id} yet: ${reason}`);
  return kept.length === 0 ? 0 : 1;
}

function usage(): number {
  process.stderr.write(USAGE);
  return 2;
}

function note(text: string): void {
  process.stderr.write(`lab: ${text}\n`);
}
