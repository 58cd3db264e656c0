/**
 * Host: this machine's network, as the agent uses it.
 */
import type { Change } from '../../core/host/change.js';
import type { HostModel } from '../../core/host/hostModel.js';
import type { HostState } from '../../core/host/state.js';
import type { Path } from '../../core/host/parsePaths.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { applyChanges, type ApplyResult, type Failure } from './apply.js';
import { createBatch } from './batch.js';
import { createCniFiles } from './cniFolder.js';
import { createConntrack } from './conntrack.js';
import { createForwardChains } from './forwardChains.js';
import { createMonitor, type MonitorListener } from './monitor.js';
import { observeHost, readCounters, readTunnels, type Observation } from './observe.js';
import { pathsTo } from './paths.js';
import { createRunner } from './runner.js';
import { createSysctls } from './sysctl.js';
import { createWireguardDevices, type WireguardMode } from './wireguard.js';

export interface Host {
  /** Throws when the host cannot be read. */
  observe(internalIPs: readonly string[]): Promise<Observation>;
  apply(model: HostModel, changes: readonly Change[], signal: AbortSignal): Promise<ApplyResult>;
  /** For group changes only, on a channel of its own that waits for nothing else. Returns the failures. */
  switchGroups(model: HostModel, changes: readonly Change[]): Promise<readonly Failure[]>;
  /** The paths to `addresses`, without those that have none. Throws when the host cannot be read. */
  paths(addresses: readonly string[]): Promise<ReadonlyMap<string, Path>>;
  /** Reports what went away of ours, and what changed in the underlay since it was last read. */
  watch(listener: MonitorListener): void;
  /** WireGuard's counters, by interface. */
  tunnels(names: readonly string[]): Promise<HostState['wireguard']>;
  /** What the firewall counts: packets, by the name of the counter. */
  counters(): Promise<ReadonlyMap<string, number>>;
  /** Texts of the nft tables of others that could drop what concerns the mesh. Throws when they cannot be listed. */
  othersTables(): Promise<readonly string[]>;
  /** Ends the helpers. Everything in the kernel stays. */
  close(): void;
}

interface HostOptions {
  readonly stateDir: string;
  readonly keyFile: string;
  readonly hostNamespace?: string;
  /** Of CNI configurations. */
  readonly cniDir: string;
  readonly wireguard: WireguardMode;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createHost(options: HostOptions, deps: { readonly clock: Clock; readonly log: Log }): Host {
  const { env, stateDir, keyFile, hostNamespace, cniDir, wireguard } = options;
  const runner = createRunner(env);
  const sysctls = createSysctls();
  const batches = {
    ip: createBatch({ command: ['ip'], env }),
    ip6: createBatch({ command: ['ip', '-6'], env }),
    bridge: createBatch({ command: ['bridge'], env }),
  };
  const devices = createWireguardDevices(
    { mode: wireguard, stateDir, env, ...(hostNamespace === undefined ? {} : { hostNamespace }) },
    { runner, ...deps },
  );
  const underlayMtus = new Map<string, number>();
  const monitor = createMonitor({ env, ...deps, underlay: () => underlayMtus });
  let stopWatching = (): void => undefined;
  const conntrack = createConntrack({ runner, sysctls, log: deps.log });
  const cni = createCniFiles(cniDir);
  const forward = createForwardChains({ runner, log: deps.log });
  const applyDeps = { batches, runner, devices, sysctls, conntrack, cni, forward, keyFile, secretDir: `${stateDir}/secret` };
  /** For switches only: a switch must not wait behind thousands of routes. */
  const switching = createBatch({ command: ['ip'], env });
  return {
    async observe(internalIPs) {
      const observation = await observeHost({ runner, sysctls, cni, forward, wall: () => deps.clock.wall() }, internalIPs);
      const { underlay } = observation.state;
      for (const each of [underlay, underlay?.inet6]) if (each !== undefined) underlayMtus.set(each.dev, each.mtu);
      return observation;
    },
    async paths(addresses) {
      const paths = await pathsTo(runner, addresses);
      for (const { dev, deviceMtu } of paths.values()) underlayMtus.set(dev, deviceMtu);
      return paths;
    },
    apply: (model, changes, signal) => monitor.during(() => applyChanges(applyDeps, model, changes, signal)),
    tunnels: (names) => readTunnels(runner, names),
    counters: () => readCounters(runner),
    othersTables: async () => (await import('./othersTables.js')).othersTables(runner),
    switchGroups: async (model, changes) =>
      (
        await monitor.during(() =>
          applyChanges({ ...applyDeps, batches: { ...batches, ip: switching } }, model, changes, new AbortController().signal),
        )
      ).failures,
    watch(listener) {
      monitor.start(listener);
      stopWatching = cni.watch(() => listener.underlayChanged());
    },
    close() {
      stopWatching();
      monitor.close();
      for (const batch of [...Object.values(batches), switching]) batch.close();
    },
  };
}
