/**
 * `kilofed uninstall`: takes Kilofed out of a cluster, from its federation, its nodes, and its API server.
 */
import { type Command, Option } from 'commander';
import { DEFAULT_NAMESPACE } from '../core/api/names.js';
import type { Cli } from './cli.js';
import { addClusterFlags } from './clusterFlags.js';
import { durationFlag } from './durationFlag.js';
import { httpUrl } from './hubFlags.js';
import type { UninstallFlags } from './uninstallFlags.js';

const TIMEOUT_MS = 300_000;
const FORMATS = ['text', 'json'] as const;

const HELP = `
The hub takes the cluster out of the federation; then a pod on each node removes what its agent set up, the private key included; then the
objects go. What is yours stays. Run it again to go on where it was broken off.

Examples:
  kilofed uninstall --dry-run
  kilofed uninstall --context east --hub-context north   # where the hub is
  kilofed uninstall --with-hub --crds --yes

Exit codes:
  0  nothing is left
  1  something is left, and named
  2  not finished; the message says why`;

export function addUninstall(program: Command, cli: Cli): void {
  const command = program
    .command('uninstall')
    .description('Take Kilofed out of a cluster: federation, nodes, objects')
    .addOption(new Option('--dry-run', 'change nothing'))
    .addOption(new Option('-y, --yes', 'do not ask'))
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('text'))
    .addOption(new Option('--crds', 'kinds, too, that nobody else uses'))
    .addOption(new Option('--with-hub', "the hub in this cluster, too, with its members' Secrets"))
    .addOption(new Option('--clean-nodes', 'nodes, too, if no object tells of them'))
    .addOption(new Option('--force', 'without the hub, and without nodes that are away'))
    .addOption(new Option('--timeout <time>', 'how long to wait for each step').argParser(durationFlag).default(TIMEOUT_MS, '5m'))
    .addOption(new Option('--image <image>', 'what cleans nodes whose agents are gone'))
    .addOption(new Option('--cni-folder <path>', 'of CNI configurations there').default('/etc/cni/net.d'))
    .addOption(new Option('--hub-kubeconfig <file>', "kubeconfig of the hub's cluster (default: --kubeconfig)"))
    .addOption(new Option('--hub-context <name>', "context of the hub's cluster"))
    .addOption(new Option('--hub <url>', "the hub's own address, such as http://localhost:8080").argParser(httpUrl))
    .addOption(new Option('-n, --namespace <name>', 'namespace of the hub').default(DEFAULT_NAMESPACE))
    .addHelpText('after', HELP)
    .action(async (flags: UninstallFlags) => {
      const { uninstall } = await import('./runUninstall.js');
      cli.end(await uninstall(flags, cli));
    });
  addClusterFlags(command);
}
