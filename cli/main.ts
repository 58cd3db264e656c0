#!/usr/bin/env node
/**
 * The executable `kilofed`: three programs and a command line in one.
 *
 * The program's name decides before anything else is loaded, so that a node-agent loads nothing of the command line.
 */
import { join } from 'node:path';

/** How long a program that has ended may keep its last handles open. */
const LINGER_MS = 2_000;
/** What a shell says of a program that SIGPIPE ended. Node ignores that signal. */
const BROKEN_PIPE = 141;

// A reader that has seen enough, such as `head`, is no failure to tell of.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(BROKEN_PIPE);
});
process.exitCode = await run(process.argv.slice(2));
setTimeout(() => process.exit(), LINGER_MS).unref();

async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  switch (name) {
    case 'hub':
      return (await import('../hub/main.js')).main(rest);
    case 'cluster-agent':
      return (await import('../cluster-agent/main.js')).main(rest);
    case 'node-agent':
      return (await import('../node-agent/main.js')).main(rest);
    case 'help':
      return rest[0] === undefined ? runVerb(['--help']) : run([...rest, '--help']);
    default:
      return runVerb(argv);
  }
}

async function runVerb(argv: readonly string[]): Promise<number> {
  const { runCommand } = await import('./commands.js');
  const { KUBECONFIG, HOME = '/' } = process.env;
  const listed = (KUBECONFIG ?? '').split(':').filter((file) => file !== '');
  return runCommand(argv, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    kubeconfigs: listed.length > 0 ? listed : [join(HOME, '.kube', 'config')],
    environment: process.env,
    ask,
    signal: untilInterrupted(),
  });
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } catch {
    // Interrupted.
    return undefined;
  } finally {
    lines.close();
  }
}

/** The first signal ends what goes on in order, the second at once. */
function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
