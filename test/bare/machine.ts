/**
 * A person's machine outside of all clusters, with the usual tools: wg-quick, and what `kilofed showconf` printed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { binaryPath } from '../lab/binaries/locate.js';
import { run } from '../lab/process.js';
import { type FlowPod, withFlows } from './flow.js';
import { createNamespace } from './namespace.js';
import { type Lan, plug } from './network.js';

export interface Machine extends FlowPod {
  readonly publicKey: string;
  /** Where it is on its LAN. */
  readonly outer: string;
  /** `wg-quick up`, or down and up with another configuration; for good, or until the next call. */
  connect(conf: string): Promise<void>;
  stop(): void;
}

interface MachineAt {
  readonly name: string;
  readonly dir: string;
  readonly lan: Lan;
  /** On the LAN. */
  readonly host: number;
  /** In the mesh. */
  readonly address: string;
  /** UDP; absent: whatever is free. */
  readonly listenPort?: number;
}

const INTERFACE = 'kilo';

export async function createMachine({ name, dir, lan, host, address, listenPort }: MachineAt): Promise<Machine> {
  const stateDir = `${dir}/machines/${name}`;
  const folder = `${stateDir}/etc`;
  mkdirSync(folder, { recursive: true });
  const namespace = await createNamespace(name, stateDir);
  const [outer = ''] = await plug(namespace, lan, host);
  const key = (await run(['wg', 'genkey'])).trim();
  writeFileSync(`${folder}/${INTERFACE}.key`, `${key}\n`, { mode: 0o600 });
  await namespace.exec(['bash', '-c', 'mkdir -p /etc/wireguard && mount --bind "$1" /etc/wireguard', 'mount', folder]);
  const env = [
    `WG_QUICK_USERSPACE_IMPLEMENTATION=${binaryPath('wireguard-go') ?? 'wireguard-go'}`,
    'WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1',
    'LOG_LEVEL=error',
  ];
  const quick = (verb: 'up' | 'down'): Promise<string> =>
    // Userspace WireGuard stays, with whatever it was started with for its output.
    namespace.exec([
      'bash',
      '-c',
      'env "$@" >/var/lib/kilofed/wg-quick.log 2>&1 </dev/null || { cat /var/lib/kilofed/wg-quick.log >&2; exit 1; }',
      'quick',
      ...env,
      'wg-quick',
      verb,
      INTERFACE,
    ]);
  let connected = false;
  const pod = await withFlows({ address, addresses: [address], namespace });
  return {
    ...pod,
    publicKey: (await run(['wg', 'pubkey'], { input: `${key}\n` })).trim(),
    outer,
    async connect(conf) {
      if (connected) await quick('down');
      writeFileSync(
        `${folder}/${INTERFACE}.conf`,
        listenPort === undefined ? conf : conf.replace('[Interface]\n', `[Interface]\nListenPort = ${listenPort}\n`),
        { mode: 0o600 },
      );
      await quick('up');
      connected = true;
    },
    stop: () => namespace.stop(),
  };
}
