/**
 * `kilofed dns enable|disable|status`: the zone clusterset.local in a cluster's own CoreDNS. Nothing else of Kilofed touches the DNS of a
 * cluster, and none of its programs has a right to: this runs with those of whoever calls it.
 */
import { Argument, type Command, Option } from 'commander';
import type { DnsFacts } from '../core/clusterset/facts.js';
import type { DnsPlan } from '../core/clusterset/planDns.js';
import type { Result } from '../core/runtime/result.js';
import type { KubeClient } from '../kube/wire/client.js';
import { type Cli, EXIT } from './cli.js';
import { addClusterFlags } from './clusterFlags.js';
import type { ClusterFlags } from './findKubeconfig.js';

const ACTIONS = ['enable', 'disable', 'status'] as const;
const FORMATS = ['table', 'yaml', 'json'] as const;

interface DnsFlags extends ClusterFlags {
  readonly namespace: string;
  readonly configmap?: string;
  readonly dryRun?: boolean;
  readonly output: (typeof FORMATS)[number];
  readonly corednsVersion?: string;
  readonly force?: boolean;
}

const HELP = `
enable   makes CoreDNS answer for clusterset.local, the names of imported Services that MCS defines: it adds the zone to the kubernetes
         plugin in the Corefile, and lets CoreDNS read ServiceImports. Where the distribution keeps the Corefile for itself (k3s, AKS),
         it adds a server block to the ConfigMap that the Corefile imports.
disable  takes it away again. Once CoreDNS has read that, run it a second time: then CoreDNS loses the right, too.
status   asks each pod of CoreDNS for the zone, by a port-forward, and says what stands in its way.

It changes nothing where the Corefile is not understood, or where somebody else would undo it, and says what to do.

Examples:
  kilofed dns status                                # of the current kubeconfig context
  kilofed dns enable --dry-run -o yaml              # what it would write
  kilofed dns enable --context west
  until kilofed dns status --context west; do sleep 5; done
  kilofed dns enable --configmap rke2-coredns-rke2-coredns --force
  kubectl run try --rm -i --image=busybox --restart=Never -- nslookup web.demo.svc.clusterset.local

Exit codes:
  0  done; or every pod of CoreDNS answers
  1  the zone is not there, something stands in its way, or nobody could be asked
  2  refused or could not find out; the message says why`;

export function addDns(program: Command, cli: Cli): void {
  const command = program
    .command('dns')
    .description("Let a cluster's own DNS answer for clusterset.local")
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .addOption(new Option('--dry-run', 'only print the objects that it would write'))
    .addOption(new Option('-o, --output <format>', 'output format of status and of --dry-run').choices(FORMATS).default('table'))
    .addOption(new Option('-n, --namespace <name>', 'namespace of CoreDNS').default('kube-system'))
    .addOption(new Option('--configmap <name>', "ConfigMap of the Corefile (default: coredns, or RKE2's)"))
    .addOption(new Option('--coredns-version <version>', 'version of CoreDNS, where its image does not tell it'))
    .addOption(new Option('--force', 'also where somebody else may undo it, or a node-local cache does not know the zone'))
    .addHelpText('after', HELP)
    .action(async (action: (typeof ACTIONS)[number], flags: DnsFlags) => cli.end(await dns(action, flags, cli)));
  addClusterFlags(command);
}

async function dns(action: (typeof ACTIONS)[number], flags: DnsFlags, cli: Cli): Promise<number> {
  const { withCluster } = await import('./withCluster.js');
  const { readDns } = await import('./readDns.js');
  const ended = await withCluster(flags, cli, async (client): Promise<Result<number>> => {
    const facts = await readDns(client, flags);
    if (!facts.ok) return facts;
    if (action === 'status') return { ok: true, value: await status(client, facts.value, flags, cli) };
    const plan = await planned(action, facts.value, flags);
    if (!plan.ok) return plan;
    return flags.dryRun === true ? dryRun(plan.value, flags, cli) : write(client, { action, plan: plan.value, flags, cli });
  });
  if (ended.ok) return ended.value;
  cli.err(`kilofed: ${ended.error}\n`);
  return EXIT.failed;
}

async function status(client: KubeClient, facts: DnsFacts, flags: DnsFlags, cli: Cli): Promise<number> {
  const { askDns } = await import('./askDns.js');
  const { dnsStatus } = await import('../core/clusterset/dnsStatus.js');
  const found = dnsStatus(facts, await askDns(client, facts, { flags, kubeconfigs: cli.kubeconfigs }));
  if (flags.output === 'table') cli.out((await import('./dnsText.js')).dnsText(found));
  else cli.out(await printed([found], flags.output));
  return found.state === 'served' ? EXIT.fine : EXIT.problems;
}

async function planned(action: 'enable' | 'disable', facts: DnsFacts, flags: DnsFlags): Promise<Result<DnsPlan>> {
  const { planEnable, planDisable } = await import('../core/clusterset/planDns.js');
  if (action === 'disable') return planDisable(facts);
  const version = flags.corednsVersion;
  return planEnable(facts, { force: flags.force === true, ...(version !== undefined && { version }) });
}

async function dryRun({ reader, change }: DnsPlan, flags: DnsFlags, cli: Cli): Promise<Result<number>> {
  const { readerObjects, changedConfig } = await import('../core/clusterset/objects.js');
  const objects = [
    ...(reader === undefined ? [] : readerObjects(reader)),
    ...(change === undefined ? [] : [changedConfig(change, flags.namespace)]),
  ];
  cli.out(await printed(objects, flags.output === 'json' ? 'json' : 'yaml'));
  return { ok: true, value: EXIT.fine };
}

interface Writing {
  readonly action: 'enable' | 'disable';
  readonly plan: DnsPlan;
  readonly flags: DnsFlags;
  readonly cli: Cli;
}

async function write(client: KubeClient, { action, plan, flags, cli }: Writing): Promise<Result<number>> {
  const { writePlan, deleteReader } = await import('./writeDns.js');
  const written = await writePlan(client, plan, flags.namespace);
  if (!written.ok) return written;
  for (const line of [...written.value, ...plan.notes]) cli.out(`${line}\n`);
  if (plan.change !== undefined) {
    if (action === 'disable') cli.out('CoreDNS keeps the right to read ServiceImports until you run this again after that\n');
    return { ok: true, value: EXIT.fine };
  }
  if (action === 'enable') {
    cli.out('the zone clusterset.local is there already\n');
    return { ok: true, value: EXIT.fine };
  }
  const deleted = await deleteReader(client);
  if (!deleted.ok) return deleted;
  cli.out(deleted.value ? 'CoreDNS may no longer read ServiceImports\n' : 'the zone clusterset.local is not there\n');
  return { ok: true, value: EXIT.fine };
}

async function printed(objects: readonly object[], format: 'yaml' | 'json'): Promise<string> {
  if (format === 'json') {
    const [only] = objects;
    return `${JSON.stringify(objects.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2)}\n`;
  }
  const { dump } = await import('js-yaml');
  return objects.map((object) => dump(object, { noRefs: true, lineWidth: -1 })).join('---\n');
}
