/**
 * `kilofed status`: members, segments, gateways, links, services, and what is wrong with them.
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

${EXIT_CODES}`;

export function addStatus(program: Command, cli: Cli): void {
  const command = program
    .command('status')
    .description('Show the federation as the hub sees it, and what is wrong')
    .addOption(new Option('-o, --output <format>', 'how to show it').choices(FORMATS).default('table'))
    .addHelpText('after', HELP)
    .action(async (flags: StatusFlags) => cli.end(await status(flags, cli)));
  addHubFlags(command);
}

async function status(flags: StatusFlags, cli: Cli): Promise<number> {
  const [{ askHub }, { findings }] = await Promise.all([import('./askHub.js'), import('./findings.js')]);
  const answer = await askHub(flags, cli);
  if (!answer.ok) {
    cli.err(`kilofed: ${answer.message}\n`);
    return EXIT.failed;
  }
  const found = findings(answer.status);
  switch (flags.output) {
    case 'json':
      cli.out(`${JSON.stringify(answer.status, undefined, 2)}\n`);
      break;
    case 'yaml':
      cli.out((await import('js-yaml')).dump(answer.status, { noRefs: true, lineWidth: 120 }));
      break;
    default:
      cli.out((await import('./statusText.js')).statusText(answer.status, found, { wide: flags.output === 'wide' }));
  }
  return found.length === 0 ? EXIT.fine : EXIT.problems;
}
