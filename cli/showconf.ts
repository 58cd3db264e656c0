/**
 * `kilofed showconf`: how the machine of an external peer joins the mesh.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { HUB_MANAGER, LABEL } from '../core/api/names.js';
import { type Cli, EXIT } from './cli.js';
import { addClusterFlags } from './clusterFlags.js';
import type { ClusterFlags } from './findKubeconfig.js';

const FORMATS = ['wg-quick', 'wg', 'json', 'yaml'] as const;

interface ShowconfFlags extends ClusterFlags {
  readonly output: (typeof FORMATS)[number];
  readonly slot: number;
  readonly allowedIps: readonly string[];
}

const HELP = `
Examples:
  kilofed showconf laptop | install -m 600 /dev/stdin /etc/wireguard/kilo.conf && wg-quick up kilo
  kilofed showconf laptop --context east --slot 1        # by the other gateways
  kilofed showconf laptop --allowed-ips 10.96.0.0/12     # Services, too
  kilofed showconf laptop -o wg > peers.conf && wg addconf kilo peers.conf
  kilofed showconf laptop -o json | jq '.peers[].endpoint'

The output contains the preshared key of the Peer, and never a private key. wg-quick takes that from
/etc/wireguard/NAME.key, where NAME is the name of the interface. -o wg prints the [Peer] sections alone, as
kgctl showconf peer does: wg setconf and wg syncconf take them, too, with an [Interface] section of yours.

Exit codes:
  0  printed
  1  there is no such Peer, or nothing that it could reach
  2  could not find out, or the command line is wrong`;

export function addShowconf(program: Command, cli: Cli): void {
  const command = program
    .command('showconf')
    .description("Show the WireGuard configuration of a Peer's own machine")
    .argument('<peer>', 'name of the Peer')
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('wg-quick'))
    .addOption(new Option('--slot <number>', 'gateway slot to use, in locations that have it').argParser(slotNumber).default(0))
    .addOption(new Option('--allowed-ips <cidr...>', 'further networks to reach through the first location').argParser(network).default([]))
    .addHelpText('after', HELP)
    .action(async (peer: string, flags: ShowconfFlags) => cli.end(await showconf(peer, flags, cli)));
  addClusterFlags(command);
}

async function showconf(name: string, flags: ShowconfFlags, cli: Cli): Promise<number> {
  const [{ readMesh }, { peerConfig }] = await Promise.all([import('./readMesh.js'), import('../core/mesh/peerConfig.js')]);
  const answer = await readMesh(flags, cli);
  if (!answer.ok) {
    cli.err(`kilofed: ${answer.error}\n`);
    return EXIT.failed;
  }
  const { mesh, nodes, peers } = answer.value;
  const external = peers.filter(({ metadata }) => metadata.labels?.[LABEL.managedBy] !== HUB_MANAGER);
  const peer = external.find(({ metadata }) => metadata.name === name);
  if (peer === undefined) {
    const known = external.map(({ metadata }) => metadata.name).join(', ');
    const none = peers.length === 0 ? 'there is none at all' : 'all that there are stand for gateways of other members';
    cli.err(`kilofed: there is no Peer ${name} here; ${known === '' ? `${none}: kubectl apply one` : `there are ${known}`}\n`);
    return EXIT.problems;
  }
  const config = peerConfig({ mesh, nodes, peer, slot: flags.slot, allowedIPs: flags.allowedIps });
  if (config.peers.length === 0) {
    cli.err(`kilofed: nothing can be reached yet: ${config.notes.join('; ') || 'no node has joined the mesh'}\n`);
    return EXIT.problems;
  }
  switch (flags.output) {
    case 'json':
      cli.out(`${JSON.stringify(config, undefined, 2)}\n`);
      break;
    case 'yaml':
      cli.out((await import('js-yaml')).dump(config, { noRefs: true, lineWidth: 120 }));
      break;
    case 'wg-quick':
      cli.out((await import('../core/render/wireguardConf.js')).wgQuickConf(config));
      break;
    case 'wg':
      cli.out((await import('../core/render/wireguardConf.js')).wgConf(config));
  }
  return EXIT.fine;
}

function slotNumber(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('It must be a small number, such as 0 or 1.');
  return Number(text);
}

function network(text: string, before: readonly string[]): readonly string[] {
  if (!/^[0-9a-f:.]+\/\d{1,3}$/i.test(text)) throw new InvalidArgumentError('It must be a network, such as 10.96.0.0/12.');
  return [...before, text];
}
