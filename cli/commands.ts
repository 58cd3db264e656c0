/**
 * The command line: its verbs, its help, its errors. Each verb declares itself in its own file and loads what it
 * needs only when it runs, so help is quick.
 */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../core/api/version.js';
import { printableLines } from '../core/text/printable.js';
import { type Cli, EXIT, EXIT_CODES } from './cli.js';
import { addCompletion } from './completion.js';
import { addDns } from './dns.js';
import { addExplain } from './explain.js';
import { addExport, addUnexport } from './exportVerbs.js';
import { addForget } from './forget.js';
import { addGraph } from './graph.js';
import { addLinks } from './links.js';
import { addMemberVerbs } from './memberVerbs.js';
import { addShowconf } from './showconf.js';
import { addStatus } from './status.js';
import { addUninstall } from './uninstall.js';
import { addVersion } from './version.js';

/** The programs of the executable. `cli/main.ts` starts them; they are here for help and suggestions. */
const PROGRAMS = {
  hub: 'Run the hub: join the member clusters, mirror their exported Services',
  'cluster-agent': "Run a cluster's agent: assign addresses and gateways, find ranges",
  'node-agent': "Run a node's agent: set up WireGuard, routes, firewall",
} as const;

const EXAMPLES = `
Examples:
  kilofed status                       # ask the hub of the current kubeconfig context
  kilofed status --hub http://localhost:8080
  kilofed export service demo/web      # to all other members
  kilofed explain service demo/web     # does it work everywhere, and if not, why?
  kilofed links --watch                # which tunnels work
  kilofed graph | dot -Tsvg > federation.svg
  kilofed drain member east            # before maintenance of a whole cluster
  kilofed showconf laptop              # how a laptop joins the mesh
  kilofed hub --help

${EXIT_CODES}`;

/**
 * Runs one command line, without the executable's name. Returns the exit code; a user's mistake is printed, not thrown. Whatever a verb
 * prints, the terminal does not obey it.
 */
export async function runCommand(argv: readonly string[], io: Omit<Cli, 'end'>): Promise<number> {
  let code: number = EXIT.fine;
  const program = commandLine({
    ...io,
    out: (text) => io.out(printableLines(text)),
    err: (text) => io.err(printableLines(text)),
    end: (ended) => (code = ended),
  });
  try {
    await program.parseAsync(known(program, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.fine : EXIT.failed;
  }
  return code;
}

/** An unknown verb is an error also with `--help` behind it, which commander would answer with the help of everything. */
function known(program: Command, argv: readonly string[]): readonly string[] {
  const [verb] = argv;
  if (verb === undefined) return ['--help'];
  return verb.startsWith('-') || program.commands.some((command) => command.name() === verb || command.aliases().includes(verb))
    ? argv
    : [verb];
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
    .version(VERSION, '--version', 'Show the version of this executable')
    .helpCommand('help [command]', 'Show help for a command')
    .helpOption('-h, --help', 'Show help')
    .addHelpText('after', EXAMPLES);
  program.commandsGroup('Commands:');
  addStatus(program, cli);
  addExplain(program, cli);
  addExport(program, cli);
  addUnexport(program, cli);
  addLinks(program, cli);
  addGraph(program, cli);
  addMemberVerbs(program, cli);
  addForget(program, cli);
  addDns(program, cli);
  addShowconf(program, cli);
  addUninstall(program, cli);
  addVersion(program, cli);
  addCompletion(program, cli);
  for (const command of program.commands) command.showHelpAfterError(`See kilofed ${command.name()} --help.`);
  program.commandsGroup('Programs:');
  for (const [name, summary] of Object.entries(PROGRAMS)) program.command(name).description(summary).helpOption(false);
  return program;
}
