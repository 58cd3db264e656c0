/**
 * Commands in a virtual machine (machine.ts): left in the folder that it shares with us, numbered, one after the other.
 */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lab/process.js';

interface Job {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** By the machine's clock. */
  readonly limitSeconds: number;
}

interface JobOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** By the machine's clock. */
  readonly seconds: number;
}

/** By ours; the emulation may stand still while others want the processors. */
const PATIENCE_MS = 1_200_000;

/** @throws when the machine has ended. */
export async function runJob(folder: string, { argv, env, limitSeconds }: Job): Promise<JobOutcome> {
  const number = readdirSync(folder).filter((name) => name.endsWith('.job')).length + 1;
  const file = (kind: string): string => join(folder, `${number}.${kind}`);
  const words = [
    'env',
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    'timeout',
    '-k',
    '5',
    String(limitSeconds),
    ...argv,
  ];
  writeFileSync(file('new'), `exec ${words.map(quoted).join(' ')}\n`);
  renameSync(file('new'), file('job'));
  const ended = await until(`job ${number} of the machine`, PATIENCE_MS, () => {
    if (existsSync(join(folder, 'ended'))) throw new Error(`the machine has ended: ${readFileSync(join(folder, 'ended'), 'utf8')}`);
    return existsSync(file('ended')) ? readFileSync(file('ended'), 'utf8') : undefined;
  });
  const [code, began, until_] = ended.trim().split(' ').map(Number);
  return {
    code: code ?? 1,
    stdout: readFileSync(file('stdout'), 'utf8'),
    stderr: readFileSync(file('stderr'), 'utf8'),
    seconds: (until_ ?? 0) - (began ?? 0),
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
