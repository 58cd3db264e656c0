/**
 * `kilofed links`: what of the traffic from each segment to each segment of other members gets there, once or whenever it changes.
 */
import { type Command, Option } from 'commander';
import { systemClock } from '../kube/wire/systemClock.js';
import { pause } from '../core/runtime/pause.js';
import { type Cli, EXIT } from './cli.js';
import { addHubFlags, type HubFlags } from './hubFlags.js';
import type { Link } from './linkRows.js';

const FORMATS = ['table', 'wide', 'json', 'yaml'] as const;

interface LinksFlags extends HubFlags {
  readonly output: (typeof FORMATS)[number];
  readonly watch?: boolean;
}

const HELP = `
Examples:
  kilofed links                       # from segment to segment
  kilofed links --watch               # again whenever something changes, until Ctrl-C
  kilofed links -o wide               # every tunnel, with its endpoint
  kilofed links -o json | jq '.[] | select(.state != "up")'

What gateways report of their own tunnels. RTT and LOSS are upper bounds.

Exit codes:
  0  all links are up, or the watch was ended
  1  some link is not, or there is none
  2  could not find out, or the command line is wrong`;

export function addLinks(program: Command, cli: Cli): void {
  const command = program
    .command('links')
    .description('List the links between members, as their gateways report them')
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('table'))
    .addOption(new Option('-w, --watch', 'print them again whenever they change'))
    .addHelpText('after', HELP)
    .action(async (flags: LinksFlags) => cli.end(await links(flags, cli)));
  addHubFlags(command);
}

async function links(flags: LinksFlags, cli: Cli): Promise<number> {
  const { askHub } = await import('./askHub.js');
  const answer = await askHub(flags, cli);
  if (!answer.ok) {
    cli.err(`kilofed: ${answer.error}\n`);
    return EXIT.failed;
  }
  let shown = await textOf(answer.value.links, flags.output);
  cli.out(shown);
  if (flags.watch !== true) {
    const found = answer.value.links;
    return found.length > 0 && found.every(({ state }) => state === 'up') ? EXIT.fine : EXIT.problems;
  }
  // The hub finds out what it answers once a second.
  for (await pause(PERIOD_MS, cli.signal, systemClock); !cli.signal.aborted; await pause(PERIOD_MS, cli.signal, systemClock)) {
    const next = await askHub(flags, cli);
    const text = next.ok ? await textOf(next.value.links, flags.output) : `kilofed: ${next.error}\n`;
    if (text === shown) continue;
    shown = text;
    if (next.ok) cli.out(flags.output === 'json' || flags.output === 'yaml' ? text : `\n${text}`);
    else cli.err(text);
  }
  return EXIT.fine;
}

const PERIOD_MS = 1_000;

async function textOf(all: readonly Link[], output: LinksFlags['output']): Promise<string> {
  switch (output) {
    case 'json':
      return `${JSON.stringify(all, undefined, 2)}\n`;
    case 'yaml':
      return (await import('js-yaml')).dump(all, { noRefs: true, lineWidth: 120 });
    default:
      return all.length === 0 ? NONE : tableOf(all, output === 'wide');
  }
}

async function tableOf(all: readonly Link[], wide: boolean): Promise<string> {
  const [{ renderTable }, rows] = await Promise.all([import('../core/render/table.js'), import('./linkRows.js')]);
  const table = wide
    ? renderTable(rows.TUNNEL_COLUMNS, all.flatMap(rows.tunnelRows))
    : renderTable(rows.LINK_COLUMNS, all.map(rows.linkRow));
  return `${table}\n`;
}

const NONE = 'no links: no member is registered in another one\n';
