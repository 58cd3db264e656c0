/**
 * Makes WireGuard devices: in the kernel where it has WireGuard, else with one `wireguard-go` process per device.
 */
import type { Runner } from './runner.js';
import type { UserspaceDeps, UserspaceOptions } from './userspaceWireguard.js';

export interface WireguardDevices {
  /** Undefined, or what went wrong and what to do. Once `signal` aborts, a process that was started is no longer waited for. */
  add(name: string, signal: AbortSignal): Promise<string | undefined>;
}

/** What makes new devices; `auto`: the kernel where it can, else userspace. Devices that exist are used as they are. */
export type WireguardMode = 'auto' | 'kernel' | 'userspace';

interface WireguardOptions extends UserspaceOptions {
  readonly mode: WireguardMode;
}

export function createWireguardDevices(options: WireguardOptions, deps: UserspaceDeps): WireguardDevices {
  let told = false;
  let userspace: Promise<(name: string, signal: AbortSignal) => Promise<string | undefined>> | undefined;
  const start = async (name: string, signal: AbortSignal): Promise<string | undefined> => {
    // Only loaded where it is needed: most kernels have WireGuard.
    userspace ??= import('./userspaceWireguard.js').then(({ createUserspaceWireguard }) => createUserspaceWireguard(options, deps));
    return (await userspace)(name, signal);
  };
  return {
    async add(name, signal) {
      if (options.mode === 'userspace') return (await isTaken(name, deps.runner)) ?? start(name, signal);
      const made = await deps.runner.run(['ip', 'link', 'add', name, 'type', 'wireguard']);
      if (made.ok) return undefined;
      if (!/Unknown device type|not supported/.test(made.message)) return made.message;
      if (options.mode === 'kernel')
        return `${made.message.replace(/[.]$/, '')}: load the module (modprobe wireguard), or give --wireguard auto`;
      if (!told) deps.log.info('The kernel has no WireGuard: using wireguard-go', { kernel: made.message });
      told = true;
      return start(name, signal);
    },
  };
}

/** The kernel's reason, which wireguard-go does not give. */
async function isTaken(name: string, runner: Runner): Promise<string | undefined> {
  return (await runner.run(['ip', 'link', 'show', 'dev', name])).ok ? 'File exists' : undefined;
}
