/**
 * `kilofed export|unexport service NS/NAME`: what an annotation does, with its value looked at first, and the answer waited for.
 */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import type { Cli } from './cli.js';
import { addClusterFlags } from './clusterFlags.js';
import { durationFlag } from './durationFlag.js';
import { type ExportFlags, FORMATS, type UnexportFlags } from './exportFlags.js';
import { serviceName, type ServiceName } from './serviceName.js';

const TIMEOUT_MS = 30_000;

const EXPORT_HELP = `
Annotates the Service in the cluster of the kubeconfig, with your rights. With --mcs it writes a ServiceExport in its place, and other
members reach the Service by clusterset.local. Values are looked at before anything is written. What no flag names stays as it is; the value
"" takes an annotation away.

Examples:
  kilofed export service demo/web                           # to all members
  kilofed export service demo/web --to west,north           # to these
  kilofed export service demo/web --to ""                   # to all again
  kilofed export service demo/web --affinity local          # others only while no pod here is ready
  kilofed export service demo/web --prefer east,zone=eu     # first east, then those labelled zone=eu
  kilofed export service demo/web --mcs --context east      # by a ServiceExport
  kilofed export service demo/web --dry-run                 # only ask the API server whether it would take it
  kilofed export service demo/web -o json | jq .ready

Exit codes:
  0  exported, or --no-wait: written. A member that lacks the namespace is named, and imports it when it has one
  1  written, and not exported yet, or a member cannot import it; the message says why
  2  nothing was written; the message says why`;

const UNEXPORT_HELP = `
Takes the annotation off the Service, and deletes the ServiceExport that somebody wrote for it. The hub then deletes what it mirrored.

Examples:
  kilofed unexport service demo/web
  kilofed unexport service demo/web --dry-run
  kilofed unexport service demo/web --context east -o json

Exit codes:
  0  not exported any more, or --no-wait: written
  1  written, and the hub has not followed yet
  2  nothing was written; the message says why`;

export function addExport(program: Command, cli: Cli): void {
  const command = program.command('export').description('Export a Service of a cluster to the other members');
  command
    .addOption(new Option('--to <members>', 'ids of the members that import it, with commas between them'))
    .addOption(new Option('--mcs', 'write a ServiceExport, as the Multi-Cluster Services API has it'))
    .addOption(choice('--own-name <whether>', 'whether mirrors have its own name where that is free', ['true', 'false']))
    .addOption(choice('--affinity <which>', 'how its name reaches other exporters here', ['local', 'none', 'remote']))
    .addOption(new Option('--prefer <tiers>', 'members, or labels of members, the best first'))
    .addOption(new Option('--weights <weights>', 'shares of its endpoints, such as east=3,north=1'))
    .addOption(choice('--endpoints <which>', 'what stands for it in importers', ['pods', 'clusterip']))
    .addHelpText('after', EXPORT_HELP)
    .action(async (_what: string, service: ServiceName, flags: ExportFlags) => {
      const { exportService } = await import('./exportService.js');
      cli.end(await exportService(service, flags, cli));
    });
  addCommon(command);
}

export function addUnexport(program: Command, cli: Cli): void {
  const command = program
    .command('unexport')
    .description('End the export of a Service')
    .addHelpText('after', UNEXPORT_HELP)
    .action(async (_what: string, service: ServiceName, flags: UnexportFlags) => {
      const { unexportService } = await import('./unexportService.js');
      cli.end(await unexportService(service, flags, cli));
    });
  addCommon(command);
}

function addCommon(command: Command): void {
  addClusterFlags(command)
    .addArgument(new Argument('<what>').choices(['service']))
    .addArgument(new Argument('<name>', 'of the Service, as NAMESPACE/NAME').argParser(serviceName))
    .addOption(new Option('--dry-run', 'change nothing'))
    .addOption(new Option('--no-wait', 'do not wait for the hub'))
    .addOption(new Option('--timeout <time>', 'how long to wait for the hub').argParser(durationFlag).default(TIMEOUT_MS, '30s'))
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('text'));
}

/** One of `values`, or nothing, which takes the annotation away. */
function choice(flags: string, description: string, values: readonly string[]): Option {
  const all = [...values, ''];
  return new Option(flags, description).choices(all).argParser((text) => {
    if (all.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed choices are ${values.join(', ')}, or "" to take it away.`);
  });
}
