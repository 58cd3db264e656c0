/**
 * `kilofed forget member NAME`: says that a member has left for good, so that the hub deletes what came from it in the others.
 */
import { Argument, type Command } from 'commander';
import { type Cli, EXIT } from './cli.js';
import { addHubFlags, type HubFlags } from './hubFlags.js';

const HELP = `
The hub deletes nothing of a member that it does not know: it may have been made anew without that one's kubeconfig.
kilofed status names such members. For one whose kubeconfig was deleted less than a minute ago this does at once what
the hub does after that minute. A member whose kubeconfig the hub has cannot be forgotten.

Examples:
  kubectl -n kilofed delete secret member-east && kilofed forget member east

Exit codes:
  0  the hub deletes what came from the member
  1  the hub knows no member of that name
  2  it does not, or could not be asked; the message says why`;

export function addForget(program: Command, cli: Cli): void {
  const command = program
    .command('forget')
    .description('Say that a member has left for good')
    .addArgument(new Argument('<what>').choices(['member']))
    .argument('<name>', 'of the member')
    .addHelpText('after', HELP)
    .action(async (_what: string, name: string, flags: HubFlags) => cli.end(await forget(name, flags, cli)));
  addHubFlags(command);
}

async function forget(name: string, flags: HubFlags, cli: Cli): Promise<number> {
  const { forgetMember } = await import('./forgetMember.js');
  const forgotten = await forgetMember(name, flags, cli);
  if (!forgotten.ok) {
    cli.err(`kilofed: ${forgotten.error.message}\n`);
    return forgotten.error.isUnknown ? EXIT.problems : EXIT.failed;
  }
  cli.out(`${name} is forgotten: whatever came from it is deleted in the other members\n`);
  return EXIT.fine;
}
