/**
 * The command line: its verbs, its help, its complaints. Each verb declares itself in its own file and loads what it
 * needs only when it runs, so help is quick.
 */
import { Command, CommanderError } from 'commander';
import { type Cli, EXIT, EXIT_CODES } from './cli.js';
import { addCompletion } from './completion.js';
import { addGraph } from './graph.js';
import { addShowconf } from './showconf.js';
import { addStatus } from './status.js';
import { addVersion } from './version.js';

/** The programs of the executable, which `cli/main.ts` starts before it comes here; named here for help and suggestions. */
const PROGRAMS = {
  hub: 'Run the hub: join the member clusters, mirror their exported Services',
  'cluster-agent': "Run a cluster's agent: addresses, gateways, the cluster's facts",
  'node-agent': "Run a node's agent: WireGuard, routes, firewall",
} as const;

const EXAMPLES = `
Examples:
  kilofed status                       # ask the hub of the current kubeconfig context
  kilofed status --hub http://localhost:8080
  kilofed graph | dot -Tsvg > federation.svg
  kilofed showconf laptop              # how a laptop joins the mesh
  kilofed hub --help

${EXIT_CODES}`;

/** Runs one command line, without the executable's name. Returns the exit code; a user's mistake is told, not thrown. */
export async function runCommand(argv: readonly string[], io: Omit<Cli, 'end'>): Promise<number> {
  let code: number = EXIT.fine;
  const program = commandLine({ ...io, end: (ended) => (code = ended) });
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.fine : EXIT.failed;
  }
  return code;
}

/** The whole command line as commander sees it. */
export function commandLine(cli: Cli): Command {
  const program = new Command('kilofed')
    .description('A federation of Kubernetes clusters over WireGuard.')
    .usage('<command> [flags]')
    .configureOutput({ writeOut: cli.out, writeErr: cli.err })
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('See kilofed --help.')
    .exitOverride()
    .helpCommand('help [command]', 'Show help for a command')
    .helpOption('-h, --help', 'Show help')
    .addHelpText('after', EXAMPLES);
  program.commandsGroup('Commands:');
  for (const add of [addStatus, addGraph, addShowconf, addVersion, addCompletion]) add(program, cli);
  program.commandsGroup('Programs:');
  for (const [name, summary] of Object.entries(PROGRAMS)) program.command(name).description(summary).helpOption(false);
  return program;
}
