/**
 * `kilofed node-agent --print-plan`: prints the changes that a run would make now, or the whole plan, and changes nothing, files
 * included.
 */
import { choicesOf, steer } from '../core/failover/choices.js';
import { changeText } from '../core/host/render.js';
import { kiloRemoval, stepText } from '../core/kilo/removal.js';
import type { NodePlan } from '../core/mesh/plan.js';
import { planJson, renderPlan } from '../core/render/plan.js';
import type { Clock } from '../core/runtime/clock.js';
import { pause } from '../core/runtime/pause.js';
import { createAgent } from './agent.js';
import { createApiServers } from './apiServers.js';
import { createCluster } from './cluster.js';
import type { Host } from './host/host.js';
import { foreseeKey, type NodeKey } from './host/key.js';
import { createHostView } from './view/hostView.js';
import { createKiloWatch, type KiloWatch } from './kilo/kiloWatch.js';
import type { Options } from './options.js';
import type { ProgramDeps } from './program.js';
import { createPublisher } from './publish.js';

type PrintPlanDeps = Omit<ProgramDeps, 'sockets'>;
type Say = ProgramDeps['out'];

/** Exit code. */
export async function printPlan(options: Options, deps: PrintPlanDeps, signal: AbortSignal): Promise<number> {
  const key = await foreseeKey(options.keyFile, options.kiloKeyFile);
  if (!key.ok) return complain(deps, key.error);
  const saved = await deps.files.loadInputs();
  if (deps.client === undefined && saved === undefined)
    return complain(deps, `no API server is known (--server), and nothing is saved in ${options.stateDir}`);
  // A plan is all there is on standard output, for programs to read.
  const say: Say = options.output === 'changes' ? deps.out : () => undefined;
  sayKey(key.value, options, say);
  const stop = new AbortController();
  const cluster = createCluster({ ...deps, nodeName: options.nodeName, onChange: () => undefined });
  const running = cluster.run(stop.signal);
  await waitUntil(() => cluster.inputs() !== undefined || deps.client === undefined, deps.clock, signal);
  if (cluster.inputs() === undefined)
    deps.log.warn(
      deps.client === undefined
        ? 'No API server is known (--server); using the inputs saved last'
        : 'Not all objects of the cluster could be read; using the inputs saved last',
    );
  const host = printingHost(deps, say);
  let desired: NodePlan | undefined;
  const kilo = printingKilo(createKiloWatch(deps.kilo, deps.clock, 0), say);
  const agent = createAgent(
    {
      clock: deps.clock,
      log: deps.log,
      nodeName: options.nodeName,
      publicKey: key.value.publicKey,
      cluster,
      host,
      kilo,
      view: createHostView({ clock: deps.clock, host, kilo }),
      resolver: { want: () => undefined, answers: () => ({}) },
      apiServers: createApiServers({ ...deps, onChange: () => undefined }, saved?.apiServers ?? []).addresses,
      publisher: createPublisher(undefined),
      files: { saveEndpoints: () => Promise.resolve() },
      saveInputs: () => undefined,
      metrics: { applied: () => undefined, leftOut: () => undefined },
      planNode: deps.planNode,
      steer: (plan, _mesh, active) => (desired = steer(plan, choicesOf(plan, active))),
      setDraining: () => undefined,
      missingSockets: () => [],
      notServing: () => undefined,
      firewallProblems: () => [],
    },
    { endpoints: await deps.files.loadEndpoints(), saved },
  );
  const result = await agent.pass(signal);
  stop.abort();
  await running;
  if (result.kind === 'waiting') return complain(deps, result.reason);
  if (result.kind === 'matched') say(result.changes === 0 ? 'Nothing to change.\n' : `${result.changes} changes.\n`);
  if (desired !== undefined) sayPlan(desired, options, deps);
  return result.kind === 'failed' ? 1 : 0;
}

const SYNC_MS = 10_000;
const STEP_MS = 20;

function sayKey({ origin }: NodeKey, { keyFile }: Options, say: Say): void {
  if (origin === 'made') say(`A WireGuard key would be made in ${keyFile}.\n`);
  if (origin === 'kilo') say(`Kilo's WireGuard key would be taken over into ${keyFile}.\n`);
}

function sayPlan(plan: NodePlan, { output }: Options, { out }: PrintPlanDeps): void {
  if (output === 'plan') out(`${renderPlan(plan)}\n`);
  if (output === 'json') out(`${planJson(plan)}\n`);
}

function printingHost({ host }: PrintPlanDeps, say: Say): Pick<Host, 'observe' | 'paths' | 'apply'> {
  return {
    observe: (internalIPs) => host.observe(internalIPs),
    paths: (addresses) => host.paths(addresses),
    apply: (_model, changes) => {
      for (const change of changes) say(`${changeText(change)}\n`);
      return Promise.resolve({ done: changes, failures: [] });
    },
  };
}

function printingKilo(kilo: KiloWatch, say: Say): KiloWatch {
  return {
    async look() {
      const sight = await kilo.look();
      const { running } = sight.recognise();
      if (running !== undefined)
        say(`Kilo's agent runs on this node (${running}). Unless the Mesh says besideKilo, nothing is changed until it has ended; then:\n`);
      return { recognise: (known) => ({ traces: sight.recognise(known).traces }) };
    },
    remove(traces) {
      say('Then this node is taken over from Kilo, and what its agent left is removed:\n');
      for (const step of kiloRemoval(traces)) say(`${stepText(step)}\n`);
      return Promise.resolve([]);
    },
  };
}

function complain(deps: PrintPlanDeps, reason: string): number {
  deps.log.error('There is no plan', { reason });
  return 1;
}

/** For ten seconds at most. */
async function waitUntil(done: () => boolean, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadline = clock.now() + SYNC_MS;
  while (!done() && !signal.aborted && clock.now() < deadline) await pause(STEP_MS, signal, clock);
}
