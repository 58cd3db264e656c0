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

const CONFLICT = 409;
const UNKNOWN = 404;
const TRIES = 4;
const PAUSE_MS = 500;

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
  const { requestHub } = await import('./requestHub.js');
  const ask = (): ReturnType<typeof requestHub> =>
    requestHub({ method: 'DELETE', path: `/api/v1/members/${encodeURIComponent(name)}` }, flags, cli);
  let reply = await ask();
  // A Secret that was deleted just now is declared until the hub has heard of it.
  for (let tries = 1; reply.ok && reply.value.status === CONFLICT && tries < TRIES; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    reply = await ask();
  }
  const refusal = reply.ok ? refusalOf(reply.value.status, reply.value.body) : reply.error;
  if (refusal !== undefined) {
    cli.err(`kilofed: ${refusal}\n`);
    return reply.ok && reply.value.status === UNKNOWN && errorIn(reply.value.body) !== undefined ? EXIT.problems : EXIT.failed;
  }
  cli.out(`${name} is forgotten: whatever came from it is deleted in the other members\n`);
  return EXIT.fine;
}

function refusalOf(status: number, body: string): string | undefined {
  if (status === 200) return undefined;
  return errorIn(body) ?? `the hub answered ${status}: it may be of an earlier version, which forgets by itself`;
}

/** Undefined: that is no answer of a hub of this version. */
function errorIn(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
