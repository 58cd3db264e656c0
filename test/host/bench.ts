/**
 * A workbench in a world: the agent's host parts put together, without an agent.
 */
import { createHostModel, type HostModel } from '../../core/host/hostModel.js';
import { rememberEndpoints, type EndpointMemory } from '../../core/host/endpoints.js';
import { explainFailure } from '../../core/host/explainFailure.js';
import { planChanges } from '../../core/host/planChanges.js';
import { changeText } from '../../core/host/render.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { Log } from '../../core/runtime/log.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { createHost, type Host } from '../../node-agent/host/host.js';
import { ensureKey } from '../../node-agent/host/key.js';
import type { Namespace } from '../bare/namespace.js';
import { run, start } from '../lab/process.js';
import { WIREGUARD } from '../lab/wireguard.js';

export interface Workbench {
  readonly host: Host;
  /** Reads the host. */
  look(): Promise<HostModel>;
  /** Brings the host to `plan`; `from` is what is known of it, default: read anew. */
  go(plan: NodePlan, from?: HostModel): Promise<Step>;
}

interface Step {
  readonly commands: readonly string[];
  readonly failures: readonly string[];
  /** The reasons of the failures, with what to do about them. */
  readonly explained: readonly string[];
  readonly model: HostModel;
  readonly ms: { readonly look: number; readonly plan: number; readonly apply: number };
}

export const STATE = '/var/lib/kilofed';
export const INTERNAL_IP = '10.0.0.2';

/** A node with the address INTERNAL_IP on eth0. */
export async function createWorkbench(): Promise<Workbench> {
  await run(['ip', '-batch', '-'], {
    input: `link add eth0 type veth peer name far
      link set far up
      link set eth0 up
      addr add ${INTERNAL_IP}/24 dev eth0
      route add default via 10.0.0.1\n`,
  });
  const keyFile = `${STATE}/key`;
  const key = await ensureKey(keyFile);
  if (!key.ok) throw new Error(key.error);
  const host = createHost(
    { stateDir: STATE, keyFile, cniDir: `${STATE}/net.d`, wireguard: WIREGUARD, env: process.env },
    { clock: systemClock, log: SILENT },
  );
  let prior: EndpointMemory = new Map();
  const look = async (): Promise<HostModel> => createHostModel((await host.observe([INTERNAL_IP])).state);
  return {
    host,
    look,
    async go(plan, from) {
      const t0 = performance.now();
      const model = from ?? (await look());
      const t1 = performance.now();
      const changes = planChanges({ desired: plan, observed: model.state(), prior, publicKey: key.value.publicKey });
      const t2 = performance.now();
      const { failures } = await host.apply(model, changes, new AbortController().signal);
      const t3 = performance.now();
      prior = rememberEndpoints(
        plan,
        prior,
        failures.map(({ change }) => change),
      );
      return {
        commands: changes.map(changeText),
        failures: failures.map(({ change, reason }) => `${changeText(change)}: ${reason}`),
        explained: failures.map(({ change, reason }) => explainFailure(change, reason)),
        model,
        ms: { look: t1 - t0, plan: t2 - t1, apply: t3 - t2 },
      };
    },
  };
}

/** The world's own network, where something wants a node's namespace. */
export function worldAsNode(): Namespace {
  return {
    name: 'node',
    pid: process.pid,
    inside: (argv) => [...argv],
    exec: (argv, options) => run([...argv], options),
    spawn: (argv, options) => start([...argv], { stdio: ['ignore', 'pipe', 'pipe'], ...options }),
    stop: () => undefined,
  };
}

/** Everything that the kernel holds, for comparison. */
export async function photograph(): Promise<string> {
  const parts = await Promise.all([
    run(['ip', '-br', 'link']).then(withoutCarrier),
    run(['ip', '-br', 'addr', 'show', 'dev', 'lo']),
    run(['ip', 'route', 'show', 'table', 'all']),
    run(['ip', 'nexthop']),
    run(['ip', 'rule']),
    run(['ip', '-6', 'rule']),
    run(['nft', 'list', 'ruleset']),
  ]);
  // Link-local addresses come a second after their device, by themselves.
  return parts
    .join('\n---\n')
    .split('\n')
    .filter((line) => !line.includes('fe80:'))
    .join('\n');
}

/** What a device is told of its other end comes a second later, by itself. */
function withoutCarrier(links: string): string {
  return links.replaceAll(/^(\S+ +)(UP|DOWN|UNKNOWN|LOWERLAYERDOWN) +/gm, '$1').replaceAll(/NO-CARRIER,|,LOWER_UP/g, '');
}

const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, with: () => SILENT };

function nothing(): void {
  // A workbench shows results, not logs.
}
