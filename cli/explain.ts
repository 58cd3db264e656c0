/**
 * `kilofed explain service NS/NAME`: who exports it, who imports it, what of it gets where, and the first thing that stops it.
 */
import { Argument, type Command, Option } from 'commander';
import { type Cli, EXIT } from './cli.js';
import { addHubFlags, type HubFlags } from './hubFlags.js';
import { serviceName, type ServiceName } from './serviceName.js';

const FORMATS = ['table', 'wide', 'json', 'yaml'] as const;

interface ExplainFlags extends HubFlags {
  readonly output: (typeof FORMATS)[number];
  readonly in?: string;
}

const HELP = `
Examples:
  kilofed explain service demo/web                     # by what the hub knows of all members
  kilofed explain service demo/web --in west           # why not in west?
  kilofed explain service demo/web --context west      # in a member: by what stands there, if it has no hub
  kilofed explain service demo/web -o json | jq .first

The first thing that stops it comes first, with what to do. Where the hub cannot be asked, the objects of the cluster itself
tell as much as they know, and what they do not tell is named.

Exit codes:
  0  it works in every member that it is exported to, or in the one that --in names
  1  something stops it
  2  could not find out, or the command line is wrong`;

export function addExplain(program: Command, cli: Cli): void {
  const command = program
    .command('explain')
    .description('Explain why a Service works in other members, or what stops it')
    .addArgument(new Argument('<what>').choices(['service']))
    .addArgument(new Argument('<name>', 'of the Service, as NAMESPACE/NAME').argParser(serviceName))
    .addOption(new Option('--in <member>', 'the one member that is asked about'))
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('table'))
    .addHelpText('after', HELP)
    .action(async (_what: string, service: ServiceName, flags: ExplainFlags) => cli.end(await explainService(service, flags, cli)));
  addHubFlags(command);
}

async function explainService(service: ServiceName, flags: ExplainFlags, cli: Cli): Promise<number> {
  const { findExplanation } = await import('./findExplanation.js');
  const found = await findExplanation(service, flags, cli);
  if (!found.ok) {
    cli.err(`kilofed: ${found.error}\n`);
    return EXIT.failed;
  }
  const { value: explanation } = found;
  switch (flags.output) {
    case 'json':
      cli.out(`${JSON.stringify(explanation, undefined, 2)}\n`);
      break;
    case 'yaml':
      cli.out((await import('js-yaml')).dump(explanation, { noRefs: true, lineWidth: 120 }));
      break;
    default:
      cli.out((await import('./explainText.js')).explainText(explanation, { wide: flags.output === 'wide' }));
  }
  return explanation.works ? EXIT.fine : EXIT.problems;
}
