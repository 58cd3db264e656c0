/**
 * Carries out `kilofed uninstall`. Each step finds out for itself what is left to do, so that one that was broken off is gone on with by
 * running it again.
 */
import { DEFAULT_NAMESPACE } from '../core/api/names.js';
import { type KubeObject, RESOURCE } from '../core/api/resources.js';
import type { Result } from '../core/runtime/result.js';
import type { Installation } from '../core/uninstall/installation.js';
import { CLUSTER_AGENT, refText } from '../core/uninstall/ownObjects.js';
import { isNothing, planUninstall, type UninstallOptions, type UninstallPlan } from '../core/uninstall/planUninstall.js';
import type { NodesProgress } from '../core/uninstall/cleanUpPods.js';
import { listObjects } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';
import { type Cli, EXIT } from './cli.js';
import { withCluster } from './withCluster.js';
import { cleanNodes } from './cleanNodes.js';
import type { UninstallFlags } from './uninstallFlags.js';
import { leaveFederation } from './leaveFederation.js';
import { readInstallation } from './readInstallation.js';
import { removeObjects } from './removeObjects.js';
import { keptText, nodeCommand, planText } from './uninstallText.js';
import { waitWhile } from './waitWhile.js';

const HUB_PODS = 'app.kubernetes.io/name=kilofed-hub';

interface State {
  readonly found: Installation;
  readonly plan: UninstallPlan;
}

/** Of JSON output. */
interface Report {
  readonly server: string;
  /** Whether anything was changed. */
  readonly dryRun: boolean;
  readonly leavesFederation: boolean;
  readonly nodes: { readonly cleans: boolean; readonly away: readonly string[]; readonly clean: readonly string[] };
  readonly removes: readonly string[];
  readonly keeps: UninstallPlan['keep'];
  /** Of what was to go, what is still there. */
  readonly left: readonly string[];
}

export async function uninstall(flags: UninstallFlags, cli: Cli): Promise<number> {
  const ended = await withCluster(flags, cli, (client) => inCluster(client, flags, cli));
  if (ended.ok) return ended.value;
  cli.err(`kilofed: ${ended.error}\n`);
  return EXIT.failed;
}

async function inCluster(client: KubeClient, flags: UninstallFlags, cli: Cli): Promise<Result<number>> {
  const before = await look(client, flags);
  if (!before.ok) return before;
  const { found, plan } = before.value;
  if (isNothing(plan)) return nothing(client, plan, flags, cli);
  if (flags.output === 'text') cli.out(planText(client.server, found, plan));
  if (plan.refusal !== undefined) return { ok: false, error: plan.refusal };
  if (flags.dryRun === true) {
    if (flags.output === 'json') cli.out(json(report(client, before.value, { dryRun: true })));
    return { ok: true, value: EXIT.fine };
  }
  if (flags.yes !== true && !(await isAgreed(cli))) return { ok: false, error: 'nothing was changed: say --yes' };
  const progress = await carryOut(client, before.value, flags, cli);
  return progress.ok ? finish(client, before.value, { progress: progress.value, flags, cli }) : progress;
}

async function look(client: KubeClient, flags: UninstallFlags): Promise<Result<State>> {
  const found = await readInstallation(client, flags.namespace);
  return found.ok ? { ok: true, value: { found: found.value, plan: planUninstall(found.value, optionsOf(flags)) } } : found;
}

function optionsOf({ crds, withHub, namespace, force, cleanNodes: nodes }: UninstallFlags): UninstallOptions {
  return { crds: crds === true, withHub: withHub === true, hubNamespace: namespace, force: force === true, cleanNodes: nodes === true };
}

function nothing(client: KubeClient, plan: UninstallPlan, flags: UninstallFlags, cli: Cli): Result<number> {
  if (flags.output === 'json') {
    const nodes = { cleans: false, away: [], clean: [] };
    const none: Report = { server: client.server, dryRun: false, leavesFederation: false, nodes, removes: [], keeps: plan.keep, left: [] };
    cli.out(json(none));
    return { ok: true, value: EXIT.fine };
  }
  cli.out(`nothing of Kilofed is installed at ${client.server}\n`);
  if (plan.keep.length > 0) cli.out(`There is:\n${plan.keep.map(keptText).join('\n')}\n`);
  cli.out('If there are tunnels on its nodes all the same, --clean-nodes removes them.\n');
  return { ok: true, value: EXIT.fine };
}

async function isAgreed(cli: Cli): Promise<boolean> {
  const answer = await cli.ask?.('Go on? [y/N] ');
  return answer !== undefined && /^y(es)?$/i.test(answer.trim());
}

/** Undefined: there were no nodes to clean. */
async function carryOut(
  client: KubeClient,
  { found, plan }: State,
  flags: UninstallFlags,
  cli: Cli,
): Promise<Result<NodesProgress | undefined>> {
  if (plan.leaves && flags.force !== true) {
    const left = await leaveFederation(client, found, flags, cli);
    if (!left.ok) return left;
  }
  let progress: NodesProgress | undefined;
  if (plan.nodes) {
    // It would assign to nodes what they give back.
    const stopped = await removeObjects(client, [CLUSTER_AGENT]);
    if (!stopped.ok) return stopped;
    const ended = flags.withHub === true ? await endHub(client, found, flags, cli) : stopped;
    if (!ended.ok) return ended;
    const cleaned = await cleanNodes(client, found, flags, cli);
    if (!cleaned.ok) return cleaned;
    progress = cleaned.value;
    if (!progress.done && flags.force !== true) return { ok: false, error: notClean(progress, flags) };
  }
  const now = await look(client, flags);
  if (!now.ok) return now;
  const removed = await removeObjects(client, now.value.plan.remove);
  if (!removed.ok) return removed;
  let last = now.value;
  const gone = await waitWhile(
    async () => {
      const there = await look(client, { ...flags, cleanNodes: false });
      if (!there.ok) return there;
      last = there.value;
      const [first] = last.plan.remove;
      return { ok: true, value: first === undefined ? undefined : `${refText(first)} goes` };
    },
    { cli, timeoutMs: flags.timeout },
  );
  if (!gone.ok) return { ok: false, error: `not finished: ${gone.error}. Run this again to go on` };
  const { kinds, namespace } = last.plan;
  const rest = await removeObjects(client, [...kinds, ...(namespace === undefined ? [] : [namespace])]);
  return rest.ok ? { ok: true, value: progress } : rest;
}

/** Before the nodes: where Kilofed is the network plugin, pods with a network of their own cannot end on a node that is clean. */
async function endHub(client: KubeClient, { hub }: Installation, flags: UninstallFlags, cli: Cli): Promise<Result<undefined>> {
  if (hub.length === 0) return { ok: true, value: undefined };
  const removed = await removeObjects(client, hub);
  if (!removed.ok) return removed;
  const ended = await waitWhile(
    async () => {
      const pods = await listObjects<KubeObject>(client, RESOURCE.pod, { namespace: flags.namespace, labelSelector: HUB_PODS });
      if (!pods.ok) return { ok: false, error: pods.error.message };
      return { ok: true, value: pods.value.length === 0 ? undefined : 'the hub ends' };
    },
    { cli, timeoutMs: flags.timeout },
  );
  return ended.ok ? ended : { ok: false, error: `not finished: ${ended.error}. Run this again to go on` };
}

function notClean({ clean, waiting, missing }: NodesProgress, { cniFolder, timeout }: UninstallFlags): string {
  const lines = waiting.map(({ node, why }) => `  ${node}: ${why}\n`);
  if (missing > 0)
    lines.push(`  ${missing} more, without a pod: kubectl -n ${DEFAULT_NAMESPACE} describe daemonset node-agent tells why\n`);
  return (
    `${clean.length} nodes are clean, and after ${Math.round(timeout / 1000)} s these are not:\n${lines.join('')}` +
    `Each is cleaned as soon as it can be, also when it returns; then run this again. On one that never returns to this cluster, run\n` +
    `  ${nodeCommand(cniFolder)}\nand go on without it by --force.`
  );
}

interface Finishing {
  readonly progress: NodesProgress | undefined;
  readonly flags: UninstallFlags;
  readonly cli: Cli;
}

/** Says what is left, as the cluster has it. */
async function finish(client: KubeClient, before: State, { progress, flags, cli }: Finishing): Promise<Result<number>> {
  let after = before;
  const done = await waitWhile(
    async () => {
      const now = await look(client, { ...flags, cleanNodes: false });
      if (!now.ok) return now;
      after = now.value;
      const [first] = leftOf(after);
      return { ok: true, value: first === undefined ? undefined : `${first} goes` };
    },
    { cli, timeoutMs: flags.timeout },
  );
  const left = done.ok ? [] : leftOf(after);
  const { waiting = [], missing = 0 } = progress ?? {};
  if (flags.output === 'json') {
    cli.out(json({ ...report(client, before, { dryRun: false, clean: progress?.clean ?? [] }), keeps: after.plan.keep, left }));
  } else {
    cli.out(left.length === 0 ? 'Nothing is left of it' : `Left of it: ${left.join(', ')}`);
    if (after.plan.keep.length > 0) cli.out(`, and it stays, as it was asked:\n${after.plan.keep.map(keptText).join('\n')}`);
    cli.out('\n');
  }
  for (const { node } of waiting) cli.err(`kilofed: ${node} was not cleaned; on it: ${nodeCommand(flags.cniFolder)}\n`);
  if (missing > 0) cli.err(`kilofed: ${missing} nodes had no pod that could clean them; on each: ${nodeCommand(flags.cniFolder)}\n`);
  return { ok: true, value: left.length + waiting.length + missing === 0 ? EXIT.fine : EXIT.problems };
}

function leftOf({ plan }: State): readonly string[] {
  return [...plan.remove, ...plan.kinds, ...(plan.namespace === undefined ? [] : [plan.namespace])].map(refText);
}

function report(client: KubeClient, state: State, { dryRun, clean = [] }: { dryRun: boolean; clean?: readonly string[] }): Report {
  const { found, plan } = state;
  return {
    server: client.server,
    dryRun,
    leavesFederation: plan.leaves,
    nodes: { cleans: plan.nodes, away: [...found.away].toSorted(), clean },
    removes: leftOf(state),
    keeps: plan.keep,
    left: [],
  };
}

function json(value: Report): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
