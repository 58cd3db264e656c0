/**
 * `kilofed node-agent`: puts the parts of a running agent together, in the order in which they need each other, and runs them.
 *
 * Whoever finds that there may be something to do requests a pass; the loop makes it. What must not wait for a pass acts on the view of
 * the host.
 */
import { createResolver } from '../core/dns/resolver.js';
import { createFailover } from '../core/failover/failover.js';
import { dialable } from '../core/mesh/dialing.js';
import type { MeshInput } from '../core/mesh/input.js';
import type { PlannedNode } from '../core/mesh/planNode.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import { createInterruptiblePause } from '../core/runtime/pause.js';
import type { Log } from '../core/runtime/log.js';
import { TUNNEL_CHECKS } from '../core/tunnels/checks.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createSideServer } from '../kube/wire/sideServer.js';
import { createTextMetrics } from '../kube/wire/textMetrics.js';
import { createAgent } from './agent.js';
import { createApiServers } from './apiServers.js';
import { applyChoices } from './applyChoices.js';
import { createCluster } from './cluster.js';
import { createDriftListener } from './driftListener.js';
import type { FirewallWatch } from './firewallWatch.js';
import type { Host } from './host/host.js';
import { ensureKey, readPrivateKey } from './host/key.js';
import { createHostView } from './view/hostView.js';
import { httpRoutes } from './httpRoutes.js';
import type { KiloHost } from './kilo/kiloHost.js';
import { createKiloWatch } from './kilo/kiloWatch.js';
import { createLoop } from './loop.js';
import { createAgentMetrics } from './metrics.js';
import type { Options } from './options.js';
import { createKeyring } from './probe/keyring.js';
import { createProber } from './probe/prober.js';
import type { ProbeSockets } from './probe/sockets.js';
import { createPublisher } from './publish.js';
import { createEvidence } from './report/evidence.js';
import { knock } from './report/knock.js';
import { type ReportFacts, runReporter } from './report/reporter.js';
import { createReportStore } from './report/reportStore.js';
import { createInputsSaver, type StateFiles } from './stateFiles.js';
import { runTunnelMonitor, type TunnelFacts } from './tunnels/monitor.js';
import { createTunnelRepairs } from './tunnels/repairs.js';

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

/** Until `signal` aborts. Exit code. */
export async function runAgent(options: Options, deps: ProgramDeps, signal: AbortSignal): Promise<number> {
  const { clock, random, log } = deps;
  const key = await ensureKey(options.keyFile, options.kiloKeyFile);
  if (!key.ok) {
    log.error('There is no WireGuard key to work with', { reason: key.error });
    return 1;
  }
  if (key.value.origin !== 'kept')
    log.info(key.value.origin === 'made' ? 'A WireGuard key was made' : "Kilo's WireGuard key was taken over", { file: options.keyFile });
  /** Aborts after `signal`, when nobody's traffic depends on us any more. */
  const stop = new AbortController();
  const metrics = createTextMetrics();
  const agentMetrics = createAgentMetrics(metrics, () => clock.wall());
  const requests = createInterruptiblePause(clock);
  const requestReconcile = (): void => requests.interrupt();
  const tunnelChanges = createInterruptiblePause(clock);
  const saved = await deps.files.loadInputs();
  if (deps.client === undefined && saved === undefined)
    log.warn('No API server is known, and nothing is saved: give --server, --token-file and --ca-file', { stateDir: options.stateDir });
  const cluster = createCluster({ ...deps, nodeName: options.nodeName, onChange: requestReconcile });
  const resolver = createResolver({
    clock,
    log,
    lookup: deps.lookup,
    usable: (addresses) =>
      dialable(
        addresses,
        cluster.inputs()?.meshNodes.find(({ metadata }) => metadata.name === options.nodeName),
      ),
    onChange: requestReconcile,
  });
  const apiServers = createApiServers({ ...deps, onChange: requestReconcile }, saved?.apiServers ?? []);
  const server = createSideServer({ clock, log, onChange: requestReconcile });
  const kilo = createKiloWatch(deps.kilo, clock);
  const view = createHostView({ clock, host: deps.host, kilo });
  const prober = createProber({
    clock,
    random,
    log,
    failover: createFailover(),
    keyring: createKeyring(await readPrivateKey(options.keyFile), clock),
    sockets: deps.sockets,
    onTunnelDown: () => resolver.resolveNow(),
    onChange: () => tunnelChanges.interrupt(),
    onSockets: requestReconcile,
    onSwitch: (choices, done) => {
      agentMetrics.switched(done);
      applyChoices({ log, host: deps.host, view }, choices)
        .catch((error: unknown) => log.error('A switch failed', { error }))
        // A pass that is running may have been planned before.
        .finally(requestReconcile);
    },
  });
  let firewall: FirewallWatch | undefined;
  const watchFirewall = async (): Promise<void> => {
    const { createFirewallWatch } = await import('./firewallWatch.js');
    firewall = createFirewallWatch({
      ...{ clock, log, view, cluster, prober, knock, host: deps.host, nodeName: options.nodeName },
      onChange: requestReconcile,
    });
    await firewall.run(stop.signal);
  };
  const agent = createAgent(
    {
      clock,
      log,
      nodeName: options.nodeName,
      publicKey: key.value.publicKey,
      cluster,
      host: deps.host,
      kilo,
      view,
      resolver,
      apiServers: () => apiServers.addresses(),
      publisher: createPublisher(deps.client),
      files: deps.files,
      saveInputs: createInputsSaver(deps.files, deps),
      metrics: agentMetrics,
      planNode: deps.planNode,
      steer: (plan, mesh, active) => prober.steer(plan, mesh, active),
      setDraining: (draining) => prober.setDraining(draining),
      missingSockets: () => prober.missingSockets(),
      notServing: () => server.failure(),
      firewallProblems: () => firewall?.problems() ?? [],
    },
    { endpoints: await deps.files.loadEndpoints(), saved },
  );
  const loop = createLoop({ clock, random, log, metrics: agentMetrics, agent, view, requests });
  await server.serve(
    options.listen,
    httpRoutes({ clock, host: deps.host, view, cluster, prober, loop, metrics, agentMetrics }),
    stop.signal,
  );
  deps.host.watch(createDriftListener({ clock, log, invalidate: () => view.invalidate(), requestReconcile }));
  log.info('The node-agent runs', { node: options.nodeName, publicKey: key.value.publicKey, server: deps.client?.server });
  signal.addEventListener('abort', () => void prober.leave(stop.signal).finally(() => stop.abort()), { once: true });
  if (signal.aborted) stop.abort();
  const repair = createTunnelRepairs({
    log,
    metrics: agentMetrics,
    view,
    reconcile() {
      view.invalidate();
      requestReconcile();
    },
    resolveNames: () => resolver.resolveNow(),
    reportUnreachable: (segments) => prober.setUnreachable(segments),
  });
  const tunnelFacts = (): TunnelFacts | undefined => {
    const plan = view.plan();
    return plan && { plan, paths: prober.status(), choices: prober.choices(), resolved: resolver.answers() };
  };
  const reportFacts = (): ReportFacts | undefined => {
    const plan = view.plan();
    const node = cluster.inputs()?.node?.metadata;
    if (plan === undefined || node?.uid === undefined) return undefined;
    const { name, uid } = node;
    return { plan, paths: prober.status(), choices: prober.choices(), draining: prober.isDraining(), owner: { name, uid } };
  };
  const evidence = createEvidence({ clock, host: deps.host, knock, heard: (publicKey) => prober.heard(publicKey) });
  const report = async (): Promise<void> =>
    deps.client &&
    runReporter({ clock, log, store: createReportStore(deps.client), evidence, facts: reportFacts, changes: tunnelChanges }, stop.signal);
  await Promise.all([
    loop.run(stop.signal),
    cluster.run(stop.signal),
    apiServers.run(stop.signal),
    prober.run(stop.signal),
    report(),
    watchFirewall(),
    runTunnelMonitor({ clock, log, host: deps.host, facts: tunnelFacts, repair }, TUNNEL_CHECKS, stop.signal),
  ]);
  resolver.close();
  return 0;
}
