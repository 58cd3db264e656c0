/**
 * The three things the node-agent can be asked to do: run, print its plan, clean up. Every one returns an exit code.
 */
import type { MeshInput } from '../core/mesh/input.js';
import type { PlannedNode } from '../core/mesh/planNode.js';
import { changeText } from '../core/host/render.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { KubeClient } from '../kube/wire/client.js';
import { serveHttp } from '../kube/wire/httpServer.js';
import { createTextMetrics } from '../kube/wire/textMetrics.js';
import { createAgent } from './agent.js';
import { createApiServers } from './apiServers.js';
import { createCluster, type Cluster } from './cluster.js';
import type { Host } from './host/host.js';
import { kiloRemoval, stepText } from '../core/kilo/removal.js';
import { ensureKey, foreseeKey, readPrivateKey } from './host/key.js';
import type { KiloHost } from './kilo/kiloHost.js';
import { createKiloWatch, type KiloWatch } from './kilo/kiloWatch.js';
import { createLoop } from './loop.js';
import { createAgentMetrics } from './metrics.js';
import type { Options } from './options.js';
import { createPublisher, type Publisher } from './publish.js';
import { createResolver } from '../core/names/resolver.js';
import { createFailover, type PathStatus } from '../core/failover/failover.js';
import type { Healing } from '../core/failover/stall.js';
import { type Choices, choicesOf, steer } from '../core/failover/config.js';
import { createKeyring } from './probe/keyring.js';
import { createProber } from './probe/prober.js';
import { hearingLook } from './probe/hearing.js';
import { placesLook } from './probe/places.js';
import { sessionsLook } from './probe/sessions.js';
import { silenceLook } from './probe/silence.js';
import { unansweredLook } from './probe/unanswered.js';
import { watchTunnels } from './probe/watchTunnels.js';
import type { ProbeSockets } from './probe/sockets.js';
import { createRepairer } from './repairer.js';
import { createInputsSaver, type StateFiles } from './stateFiles.js';

export interface ProgramDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly host: Host;
  readonly kilo: KiloHost;
  readonly files: StateFiles;
  /** Absent: only saved inputs are to be had. */
  readonly client: KubeClient | undefined;
  readonly out: (text: string) => void;
  readonly lookup: (name: string) => Promise<readonly string[]>;
  readonly planNode: (input: MeshInput) => PlannedNode;
  readonly sockets: ProbeSockets;
}

/** Until `signal` aborts. */
export async function runAgent(options: Options, deps: ProgramDeps, signal: AbortSignal): Promise<number> {
  const { clock, random, log } = deps;
  const key = await ensureKey(options.keyFile, options.kiloKeyFile);
  if (!key.ok) {
    log.error('There is no WireGuard key to work with', { reason: key.message });
    return 1;
  }
  if (key.origin !== 'kept') log.info(key.origin === 'made' ? 'A WireGuard key was made' : "Kilo's WireGuard key was taken over", { file: options.keyFile });
  /** Comes after `signal`, when nobody's traffic depends on us any more. */
  const stop = new AbortController();
  const metrics = createTextMetrics();
  const agentMetrics = createAgentMetrics(metrics, () => clock.wall());
  const wishes = { wish: (): void => undefined };
  const resolver = createResolver({ clock, log, lookup: deps.lookup, onChange: () => wishes.wish() });
  const cluster = clusterOf(options, deps, () => wishes.wish());
  const saved = await deps.files.loadInputs();
  const apiServers = createApiServers({ ...deps, onChange: () => wishes.wish() }, saved?.apiServers ?? []);
  const switches = { take: (_choices: Choices): void => undefined, heal: (_healing: Healing): void => undefined };
  const prober = createProber({
    clock,
    random,
    log,
    failover: createFailover(),
    keyring: createKeyring(await readPrivateKey(options.keyFile), clock),
    sockets: deps.sockets,
    onTunnelDown: () => resolver.askNow(),
    onStall: (healing) => switches.heal(healing),
    onSockets: () => wishes.wish(),
    onSwitch: (choices, done) => {
      agentMetrics.switched(done);
      switches.take(choices);
    },
  });
  const agent = createAgent(
    {
      clock,
      log,
      nodeName: options.nodeName,
      publicKey: key.publicKey,
      cluster,
      host: deps.host,
      kilo: createKiloWatch(deps.kilo, clock),
      resolver,
      apiServers: () => apiServers.addresses(),
      publisher: publisherOf(deps.client),
      files: deps.files,
      saveInputs: createInputsSaver(deps.files, deps),
      metrics: agentMetrics,
      planNode: deps.planNode,
      steer: (plan, mesh, active) => prober.steer(plan, mesh, active),
      setDraining: (draining) => prober.setDraining(draining),
      missingSockets: () => prober.missingSockets(),
    },
    { endpoints: await deps.files.loadEndpoints(), saved },
  );
  const loop = createLoop({ clock, random, log, metrics: agentMetrics, agent });
  wishes.wish = () => loop.wish();
  switches.heal = (healing) => {
    agent.heal(healing, stop.signal).catch((error: unknown) => log.error('A tunnel that fails could not be healed', { error })).finally(() => loop.wish());
  };
  switches.take = (choices) => {
    // A pass that is under way may have been planned before.
    agent.takeWays(choices).catch((error: unknown) => log.error('A switch failed', { error })).finally(() => loop.wish());
  };
  await serveHttp(options.listen, {
    '/healthz': () => {
      const { ok, text } = loop.health();
      return { status: ok ? 200 : 503, body: `${text}\n` };
    },
    '/metrics': async () => {
      const plan = agent.plan();
      const interfaces = plan?.interfaces ?? [];
      const silence = cluster.silence();
      agentMetrics.role(plan?.role);
      agentMetrics.apiSilent(silence === undefined ? 0 : clock.now() - silence.since);
      agentMetrics.paths(prober.status(), prober.missingSockets().length);
      agentMetrics.tunnels(interfaces, await deps.host.tunnels(interfaces.map(({ name }) => name)));
      return { status: 200, contentType: 'text/plain; version=0.0.4', body: metrics.render() };
    },
  }, stop.signal);
  deps.host.watch(createRepairer({ clock, log, doubt: () => agent.doubt(), wish: () => loop.wish() }));
  const lookAgain = (): void => {
    agent.doubt();
    loop.wish();
  };
  log.info('The node-agent runs', { node: options.nodeName, publicKey: key.publicKey, server: deps.client?.server });
  signal.addEventListener('abort', () => void prober.leave().finally(() => stop.abort()), { once: true });
  if (signal.aborted) stop.abort();
  const paths = (): readonly PathStatus[] => prober.status();
  await Promise.all([
    loop.run(stop.signal),
    cluster.run(stop.signal),
    apiServers.run(stop.signal),
    prober.run(stop.signal),
    watchTunnels({ clock, host: deps.host, plan: () => agent.plan() }, [
      sessionsLook({ clock, onSilent: (segments) => prober.setSilent(segments) }),
      silenceLook({ clock, paths, onSilence: (healing) => switches.heal(healing) }),
      unansweredLook({ clock, answers: () => resolver.answers(), onUnanswered: () => resolver.askNow() }),
      placesLook({ clock, paths, onPlace: (healing) => switches.heal(healing) }),
      hearingLook({ clock, paths, onHeard: () => lookAgain() }),
    ], stop.signal),
  ]);
  resolver.close();
  return 0;
}

/** Prints the changes that a run would make now, and makes none, of files neither. */
export async function printPlan(options: Options, deps: ProgramDeps, signal: AbortSignal): Promise<number> {
  const key = await foreseeKey(options.keyFile, options.kiloKeyFile);
  if (!key.ok) return complain(deps, key.message);
  const saved = await deps.files.loadInputs();
  if (deps.client === undefined && saved === undefined) return complain(deps, `no API server is known (--server), and nothing is saved in ${options.stateDir}`);
  if (key.origin !== 'kept') deps.out(key.origin === 'made' ? `A WireGuard key would be made in ${options.keyFile}.\n` : `Kilo's WireGuard key would be taken over into ${options.keyFile}.\n`);
  const stop = new AbortController();
  const cluster = clusterOf(options, deps, () => undefined);
  const running = cluster.run(stop.signal);
  await until(() => cluster.inputs() !== undefined || deps.client === undefined || signal.aborted, deps.clock, SYNC_MS);
  if (cluster.inputs() === undefined) deps.log.warn(deps.client === undefined ? 'No API server is known (--server); using the inputs saved last' : 'The API server has not told everything; using the inputs saved last');
  const agent = createAgent(
    {
      clock: deps.clock,
      log: deps.log,
      nodeName: options.nodeName,
      publicKey: key.publicKey,
      cluster,
      host: {
        observe: (internalIPs) => deps.host.observe(internalIPs),
        paths: (addresses) => deps.host.paths(addresses),
        apply: (_model, changes) => {
          for (const change of changes) deps.out(`${changeText(change)}\n`);
          return Promise.resolve({ done: changes, failures: [] });
        },
        switchGroups: () => Promise.resolve([]),
      },
      kilo: printing(createKiloWatch(deps.kilo, deps.clock, 0), deps),
      resolver: { want: () => undefined, answers: () => ({}) },
      apiServers: createApiServers({ ...deps, onChange: () => undefined }, saved?.apiServers ?? []).addresses,
      publisher: publisherOf(undefined),
      files: { saveEndpoints: () => Promise.resolve() },
      saveInputs: () => undefined,
      metrics: { applied: () => undefined, healed: () => undefined, leftOut: () => undefined },
      planNode: deps.planNode,
      steer: (plan, _mesh, active) => steer(plan, choicesOf(plan, active)),
      setDraining: () => undefined,
      missingSockets: () => [],
    },
    { endpoints: await deps.files.loadEndpoints(), saved },
  );
  const result = await agent.pass(signal);
  stop.abort();
  await running;
  if (result.kind === 'waiting') return complain(deps, result.reason);
  if (result.kind === 'matched') deps.out(result.changes === 0 ? 'Nothing to change.\n' : `${result.changes} changes.\n`);
  return result.kind === 'failed' ? 1 : 0;
}

function printing(kilo: KiloWatch, { out }: ProgramDeps): KiloWatch {
  return {
    async look() {
      const sight = await kilo.look();
      const { running } = sight.recognise();
      if (running !== undefined) out(`Kilo's agent runs on this node (${running}). Unless the Mesh says besideKilo, nothing is changed until it has ended; then:\n`);
      return { recognise: (known) => ({ traces: sight.recognise(known).traces }) };
    },
    remove(traces) {
      out("Then this node is taken over from Kilo, and what its agent left is removed:\n");
      for (const step of kiloRemoval(traces)) out(`${stepText(step)}\n`);
      return Promise.resolve([]);
    },
  };
}

const SYNC_MS = 10_000;

function clusterOf(options: Options, deps: ProgramDeps, onChange: () => void): Pick<Cluster, 'inputs' | 'silence' | 'run'> {
  const { client } = deps;
  if (client === undefined) return { inputs: () => undefined, silence: () => undefined, run: () => Promise.resolve() };
  return createCluster({ client, clock: deps.clock, random: deps.random, log: deps.log, nodeName: options.nodeName, onChange });
}

function publisherOf(client: KubeClient | undefined): Publisher {
  return client === undefined ? { publish: () => Promise.resolve(undefined) } : createPublisher(client);
}

function complain(deps: ProgramDeps, reason: string): number {
  deps.log.error('There is no plan', { reason });
  return 1;
}

async function until(done: () => boolean, clock: Clock, ms: number): Promise<void> {
  const deadline = clock.now() + ms;
  while (!done() && clock.now() < deadline) await new Promise<void>((resolve) => void clock.after(20, resolve));
}
