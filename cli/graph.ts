/**
 * `kilofed graph`: the federation as a graph, in a language that other programs draw.
 */
import { type Command, Option } from 'commander';
import { type Cli, EXIT } from './cli.js';
import { addHubFlags, type HubFlags } from './hubFlags.js';

const FORMATS = ['dot', 'mermaid', 'json'] as const;

interface GraphFlags extends HubFlags {
  readonly format: (typeof FORMATS)[number];
}

const HELP = `
Examples:
  kilofed graph | dot -Tsvg > federation.svg       # Graphviz
  kilofed graph --format mermaid                   # for a Markdown page
  kilofed graph --hub http://localhost:8080 --format json

Exit codes:
  0  drawn
  2  could not find out, or the command line is wrong`;

export function addGraph(program: Command, cli: Cli): void {
  const command = program
    .command('graph')
    .description('Draw members, segments, gateways and links')
    .addOption(new Option('-f, --format <format>', 'output format').choices(FORMATS).default('dot'))
    .addHelpText('after', HELP)
    .action(async (flags: GraphFlags) => cli.end(await graph(flags, cli)));
  addHubFlags(command);
}

async function graph(flags: GraphFlags, cli: Cli): Promise<number> {
  const [{ askHub }, { topologyDot, topologyMermaid }] = await Promise.all([import('./askHub.js'), import('../core/render/topology.js')]);
  const answer = await askHub(flags, cli);
  if (!answer.ok) {
    cli.err(`kilofed: ${answer.error}\n`);
    return EXIT.failed;
  }
  switch (flags.format) {
    case 'dot':
      cli.out(`${topologyDot(answer.value)}\n`);
      break;
    case 'mermaid':
      cli.out(`${topologyMermaid(answer.value)}\n`);
      break;
    case 'json':
      cli.out(`${JSON.stringify({ members: answer.value.members, pairs: answer.value.pairs }, undefined, 2)}\n`);
  }
  return EXIT.fine;
}
