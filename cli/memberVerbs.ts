/**
 * `kilofed drain|cordon|uncordon member NAME`: takes a whole member out of what the others import, and back.
 */
import { Argument, type Command, Option } from 'commander';
import type { Cli } from './cli.js';
import { durationFlag } from './durationFlag.js';
import { addHubFlags } from './hubFlags.js';
import { FORMATS, type MemberFlags, type MemberVerb } from './memberFlags.js';

const TIMEOUT_MS = 60_000;

const CODES = `
Exit codes:
  0  done everywhere
  1  not everywhere yet: a member does not answer the hub, or the time was over
  2  nothing was changed; the message says why`;

const HELP: Readonly<Record<MemberVerb, string>> = {
  drain: `
Annotates the Secret that declares the member with kilofed.io/drain=true, and waits. In all other members its endpoints stay, neither ready
nor serving, so new connections go to those of others. Connections that are open stay until one end closes them. In the member itself
nothing changes. Services that have ready endpoints nowhere else would have none at all: that needs --force.

Examples:
  kilofed drain member east                        # before maintenance
  kilofed drain member east --dry-run              # only tell which Services would be left without endpoints
  kilofed drain member east --force                # though nobody else exports some of them
  kilofed drain member east -o json | jq .serving
  kilofed uncordon member east                     # afterwards
${CODES}`,
  cordon: `
Annotates the Secret that declares the member with kilofed.io/cordon=true. Nothing more is imported from it; what is mirrored of it stays,
and follows its endpoints.

Examples:
  kilofed cordon member east
  kilofed uncordon member east
${CODES}`,
  uncordon: `
Takes back what drain and cordon did.

Examples:
  kilofed uncordon member east
  kilofed undrain member east                      # the same
${CODES}`,
};

const ABOUT: Readonly<Record<MemberVerb, string>> = {
  drain: 'Hold back the endpoints of a member in all others, before maintenance',
  cordon: 'Import nothing more from a member than is imported already',
  uncordon: 'Let a member that was drained or cordoned take part again',
};

export function addMemberVerbs(program: Command, cli: Cli): void {
  for (const verb of ['drain', 'cordon', 'uncordon'] as const) {
    const command = program
      .command(verb)
      .description(ABOUT[verb])
      .addArgument(new Argument('<what>').choices(['member']))
      .argument('<name>', 'of the member')
      .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('text'))
      .addOption(
        new Option('--timeout <time>', 'how long to wait until it is so everywhere').argParser(durationFlag).default(TIMEOUT_MS, '60s'),
      )
      .addHelpText('after', HELP[verb])
      .action(async (_what: string, name: string, flags: MemberFlags) => {
        const { changeMember } = await import('./changeMember.js');
        cli.end(await changeMember(verb, name, flags, cli));
      });
    if (verb === 'uncordon') command.alias('undrain');
    if (verb === 'drain') {
      command.option('--force', 'also if Services are left without ready endpoints');
      command.option('--dry-run', 'change nothing');
    }
    addHubFlags(command);
  }
}
