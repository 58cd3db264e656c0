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
import { observeHost, readTunnels, type Observation } from './observe.js';
import { pathsTo } from './paths.js';
import { createRunner } from './runner.js';
import { createSysctls } from './sysctl.js';
import { createWireguardDevices } from './wireguard.js';

export interface Host {
  /** Throws when the host cannot be read. */
  observe(internalIPs: readonly string[]): Promise<Observation>;
  apply(model: HostModel, changes: readonly Change[], signal: AbortSignal): Promise<ApplyResult>;
  /** Group changes only, by a channel of their own that waits for no others. The failures. */
  switchGroups(model: HostModel, changes: readonly Change[]): Promise<readonly Failure[]>;
  /** The ways to `addresses`, of those that there is one to. Throws when the host cannot be asked. */
  paths(addresses: readonly string[]): Promise<ReadonlyMap<string, Path>>;
  /** Tells of what went away of ours, and of what we stand on that changed since it was last asked for. */
  watch(listener: MonitorListener): void;
  /** What WireGuard counts now, by interface. */
  tunnels(names: readonly string[]): Promise<HostState['wireguard']>;
  wireguardMode(): 'unknown' | 'kernel' | 'userspace';
  /** Ends the helpers. Everything in the kernel stays. */
  close(): void;
}

export interface HostOptions {
  readonly stateDir: string;
  readonly keyFile: string;
  readonly hostNamespace?: string;
  /** Of CNI configurations. */
  readonly cniDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createHost(options: HostOptions, deps: { readonly clock: Clock; readonly log: Log }): Host {
  const { env, stateDir, keyFile, hostNamespace, cniDir } = options;
  const runner = createRunner(env);
  const sysctls = createSysctls();
  const batches = {
    ip: createBatch({ command: ['ip'], env }),
    ip6: createBatch({ command: ['ip', '-6'], env }),
    bridge: createBatch({ command: ['bridge'], env }),
  };
  const devices = createWireguardDevices({ stateDir, env, ...(hostNamespace === undefined ? {} : { hostNamespace }) }, { runner, ...deps });
  const ground = new Map<string, number>();
  const monitor = createMonitor({ env, ...deps, ground: () => ground });
  let stopWatching = (): void => undefined;
  const conntrack = createConntrack({ runner, sysctls, log: deps.log });
  const cni = createCniFiles(cniDir);
  const forward = createForwardChains({ runner, log: deps.log });
  const applyDeps = { batches, runner, devices, sysctls, conntrack, cni, forward, keyFile, secretDir: `${stateDir}/secret` };
  /** Waits for nothing but itself: a switch must not stand in line behind thousands of routes. */
  const switching = createBatch({ command: ['ip'], env });
  return {
    async observe(internalIPs) {
      const observation = await observeHost({ runner, sysctls, cni, forward, wall: () => deps.clock.wall() }, internalIPs);
      const { underlay } = observation.state;
      if (underlay !== undefined) ground.set(underlay.dev, underlay.mtu);
      return observation;
    },
    async paths(addresses) {
      const paths = await pathsTo(runner, addresses);
      for (const { dev, deviceMtu } of paths.values()) ground.set(dev, deviceMtu);
      return paths;
    },
    apply: (model, changes, signal) => monitor.during(() => applyChanges(applyDeps, model, changes, signal)),
    tunnels: (names) => readTunnels(runner, names),
    switchGroups: async (model, changes) =>
      (await monitor.during(() => applyChanges({ ...applyDeps, batches: { ...batches, ip: switching } }, model, changes, new AbortController().signal))).failures,
    watch(listener) {
      monitor.start(listener);
      stopWatching = cni.watch(() => listener.moved());
    },
    wireguardMode: () => devices.mode(),
    close() {
      stopWatching();
      monitor.close();
      for (const batch of [...Object.values(batches), switching]) batch.close();
    },
  };
}
