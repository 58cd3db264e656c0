#!/usr/bin/env node
/**
 * The executable `kilofed`: three programs and a command line in one.
 *
 * A program's name is looked at before anything else is loaded, so that a node-agent carries nothing of the command line.
 */
import { join } from 'node:path';

/** How long a program that has ended may take to let go of its last handles. */
const LINGER_MS = 2_000;

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
  });
}
