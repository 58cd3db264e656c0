/**
 * The node-agent as a process, fed with saved inputs instead of an API server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { MeshNode } from '../../core/api/meshNode.js';
import { meshSpecSchema } from '../../core/api/meshSpec.js';
import { ensureKey } from '../../node-agent/host/key.js';
import { sleep, until } from '../lab/process.js';
import { CLI, httpGet } from './cli.js';
import { WIREGUARD } from '../lab/wireguard.js';

export interface NodeDescription {
  readonly name: string;
  readonly location: string;
  readonly address: string;
  readonly podCIDR: string;
  readonly meshAddress: string;
  readonly slot?: number;
}

interface AgentOptions {
  readonly name: string;
  readonly stateDir: string;
  /** Prefix of the command line, e.g. of nsenter. */
  readonly enter?: readonly string[];
}

export interface AgentProcess {
  readonly child: ChildProcess;
  output(): string;
  health(): Promise<string>;
  /** A metric's value without labels, or undefined. */
  metric(name: string): Promise<number | undefined>;
}

/** Writes the inputs as the agent would have saved them. Makes the key of every node named in `folders`. */
export async function saveInputs(
  folders: Readonly<Record<string, string>>,
  nodes: readonly NodeDescription[],
  meshSpec: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const meshNodes: MeshNode[] = [];
  for (const node of nodes) {
    const folder = folders[node.name] ?? '';
    mkdirSync(folder, { recursive: true });
    const key = await ensureKey(`${folder}/key`);
    if (!key.ok) throw new Error(key.error);
    meshNodes.push({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'MeshNode',
      metadata: { name: node.name, uid: `uid-${node.name}` },
      spec: {
        publicKey: key.value.publicKey,
        endpoints: [{ host: node.address, port: 51820 }],
        internalIPs: [`${node.address}/24`],
        podCIDRs: [node.podCIDR],
        location: node.location,
        gateway: 'auto',
        persistentKeepalive: 0,
      },
      status: { meshAddresses: [node.meshAddress], ...(node.slot === undefined ? {} : { slot: node.slot }) },
    });
  }
  const mesh = { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: meshSpecSchema.parse(meshSpec) };
  for (const node of nodes) {
    const own = { metadata: { name: node.name }, status: { addresses: [{ type: 'InternalIP', address: node.address }] } };
    writeFileSync(
      `${folders[node.name]}/inputs.json`,
      JSON.stringify({ inputs: { mesh, node: own, meshNodes, peers: [] }, resolved: {} }),
      { mode: 0o600 },
    );
  }
}

export function agentArgv({ name, stateDir, enter = [] }: AgentOptions, ...more: readonly string[]): readonly string[] {
  return [...enter, process.execPath, CLI, 'node-agent', '--node-name', name, '--state-dir', stateDir, '--wireguard', WIREGUARD, ...more];
}

export function startAgent(options: AgentOptions, ...more: readonly string[]): AgentProcess {
  const [program = '', ...args] = agentArgv(options, ...more);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const get = (path: string): Promise<string> => httpGet(options.enter ?? [], path);
  return {
    child,
    output: () => output,
    health: () => get('/healthz'),
    async metric(name) {
      const line = (await get('/metrics')).split('\n').find((one) => one.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.split(' ')[1]);
    },
  };
}

/** @throws with the agent's log when its host does not match soon. */
export async function untilMatched(agent: AgentProcess): Promise<void> {
  await until('the agent to match its host', 20_000, async () => {
    if ((await agent.health()).startsWith('matched')) return true;
    // A question costs a process, which is much in an emulated machine.
    await sleep(100);
    return undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${agent.output()}`);
  });
}
