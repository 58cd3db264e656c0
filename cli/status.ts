/**
 * `kilofed status`: members, segments, gateways, links and services as the hub knows them, and every problem. The gateways test their
 * tunnels and report: all is well only while each pair of members that should talk does.
 */
import { type Command, Option } from 'commander';
import { type Cli, EXIT, EXIT_CODES } from './cli.js';
import { addHubFlags, type HubFlags } from './hubFlags.js';

const FORMATS = ['table', 'wide', 'json', 'yaml'] as const;

interface StatusFlags extends HubFlags {
  readonly output: (typeof FORMATS)[number];
}

const HELP = `
Examples:
  kilofed status                                   # through the current kubeconfig context
  kilofed status --context north -o wide           # names, addresses and keys too
  kilofed status --hub http://localhost:8080       # directly
  kilofed status -o json | jq '.problems[].message'
  until kilofed status; do sleep 2; done           # wait until all is well

Gateways test their tunnels and report; kilofed links shows each of them. All is well while every pair of members that
should talk does.

${EXIT_CODES}`;

export function addStatus(program: Command, cli: Cli): void {
  const command = program
    .command('status')
    .description('Show the federation as the hub sees it, and the problems it reports')
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('table'))
    .addHelpText('after', HELP)
    .action(async (flags: StatusFlags) => cli.end(await status(flags, cli)));
  addHubFlags(command);
}

async function status(flags: StatusFlags, cli: Cli): Promise<number> {
  const { askHub } = await import('./askHub.js');
  const answer = await askHub(flags, cli);
  if (!answer.ok) {
    cli.err(`kilofed: ${answer.error}\n`);
    return EXIT.failed;
  }
  switch (flags.output) {
    case 'json':
      cli.out(`${JSON.stringify(answer.value, undefined, 2)}\n`);
      break;
    case 'yaml':
      cli.out((await import('js-yaml')).dump(answer.value, { noRefs: true, lineWidth: 120 }));
      break;
    default:
      cli.out((await import('./statusText.js')).statusText(answer.value, { wide: flags.output === 'wide' }));
  }
  return answer.value.problems.length === 0 ? EXIT.fine : EXIT.problems;
}
