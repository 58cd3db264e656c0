/**
 * A node of a distribution, with the folders that it has, on which the containers of the DaemonSet start as the chart's preset for that
 * distribution says: what they mount is there, and nothing else of the host's folders. The world's first process is the host.
 */
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { loadAll } from 'js-yaml';
import { renderManifest } from '../../tools/chart/render.js';
import { run, until } from '../lab/process.js';
import { saveInputs } from './agentProcess.js';
import { createWorkbench, STATE } from './bench.js';
import { NODES } from './restart.js';

export interface PresetNode {
  /** What the runtime finds in its folder of configurations: name to first plugin. */
  readonly configurations: Readonly<Record<string, string>>;
  /** Plugins in the runtime's folder: name to who brought it. */
  readonly plugins: Readonly<Record<string, string>>;
  /** After the containers of an uninstallation. */
  readonly after: { readonly configurations: readonly string[]; readonly state: readonly string[] };
}

export interface PresetNodeInput {
  readonly preset: string;
  /** Where the distribution's container runtime looks. */
  readonly configurations: string;
  readonly plugins: string;
  /** Files of the distribution, path to content. One that begins with `->` is a link. */
  readonly files: Readonly<Record<string, string>>;
}

interface Mount {
  readonly name: string;
  readonly mountPath: string;
}

interface Container {
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts: readonly Mount[];
}

interface PodSpec {
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly hostPath: { readonly path: string; readonly type: string } }[];
}

const ROOT = resolve(import.meta.dirname, '../../..');
const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const IMAGE_PLUGINS = ['bridge', 'host-local', 'loopback', 'portmap'];

export async function presetNode(argument: string): Promise<PresetNode> {
  const input = JSON.parse(argument) as PresetNodeInput;
  await createWorkbench();
  await ownFolders();
  for (const [path, content] of Object.entries(input.files)) {
    mkdirSync(dirname(path), { recursive: true });
    if (content.startsWith('->')) symlinkSync(content.slice(2), path);
    else writeFileSync(path, content);
  }
  await saveNode();
  const pod = podOf(input.preset);
  for (const { hostPath } of pod.volumes) {
    if (existsSync(hostPath.path)) continue;
    if (hostPath.type === 'DirectoryOrCreate') mkdirSync(hostPath.path, { recursive: true });
    else writeFileSync(hostPath.path, '');
  }
  for (const container of pod.initContainers) {
    const [code, log] = await start(pod, container).end();
    if (code !== 0) throw new Error(log);
  }
  const [agent] = pod.containers;
  if (agent === undefined) throw new Error('no container');
  const running = start(pod, agent);
  await until('a configuration where the runtime looks', 30_000, () =>
    Object.keys(configurationsIn(input.configurations)).join() === '10-kilofed.conflist' ? true : undefined,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${running.log()}`);
  });
  const seen = { configurations: configurationsIn(input.configurations), plugins: pluginsIn(input.plugins) };
  running.tell('SIGTERM');
  await running.end();
  const [code, log] = await start(pod, { ...agent, args: [...agent.args, '--clean-up', '--purge'] }).end();
  if (code !== 0) throw new Error(log);
  return { ...seen, after: { configurations: readdirSync(input.configurations).toSorted(), state: readdirSync(STATE) } };
}

/** What is written into them is gone with the world. Those of this machine are hidden where networks of pods are concerned. */
async function ownFolders(): Promise<void> {
  await run(['mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  for (const folder of ['etc', 'opt', 'var/lib']) {
    const [upper, work] = [`/mnt/upper/${folder}`, `/mnt/work/${folder}`];
    for (const each of [upper, work]) mkdirSync(each, { recursive: true });
    await run(['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=/${folder},upperdir=${upper},workdir=${work}`, `/${folder}`]);
  }
  mkdirSync(STATE, { recursive: true });
  await run(['mount', '-t', 'tmpfs', 'tmpfs', STATE]);
  for (const folder of ['/etc/cni', '/opt/cni']) {
    mkdirSync(folder, { recursive: true });
    await run(['mount', '-t', 'tmpfs', 'tmpfs', folder]);
  }
}

/** Its Node has pod addresses, and its Mesh wants to be the network plugin, whatever was there. */
async function saveNode(): Promise<void> {
  await saveInputs({ a: STATE, b: '/mnt/b', c: '/mnt/c' }, NODES, { cni: { enabled: true, others: 'disable' } });
  const file = `${STATE}/inputs.json`;
  const saved = JSON.parse(readFileSync(file, 'utf8')) as { readonly inputs: { readonly node: object } };
  const node = { ...saved.inputs.node, spec: { podCIDRs: [NODES[0]?.podCIDR] } };
  writeFileSync(file, JSON.stringify({ ...saved, inputs: { ...saved.inputs, node } }));
}

function podOf(preset: string): PodSpec {
  const objects = loadAll(renderManifest(ROOT, preset as 'cluster')) as {
    readonly kind: string;
    readonly spec: { readonly template: { readonly spec: PodSpec } };
  }[];
  const found = objects.find(({ kind }) => kind === 'DaemonSet');
  if (found === undefined) throw new Error(`preset ${preset} has no DaemonSet`);
  return found.spec.template.spec;
}

interface Started {
  /** Exit code and what it said. */
  end(): Promise<readonly [number | null, string]>;
  tell(signal: NodeJS.Signals): void;
  log(): string;
}

/** As a runtime would: the host's folders that the container mounts, where it mounts them, and the image's plugins. */
function start({ volumes }: PodSpec, { command, args, env = [], volumeMounts }: Container): Started {
  const mounts = volumeMounts.map(({ name, mountPath }) => ({
    from: volumes.find((volume) => volume.name === name)?.hostPath.path ?? '',
    mountPath,
  }));
  const argv = [...(command ?? [process.execPath, CLI]), ...args];
  // All are taken first, for one may be mounted over another.
  const script = [
    'set -e',
    'mkdir -p /mnt/image /mnt/taken; mount -t tmpfs tmpfs /mnt/taken',
    ...mounts.map(
      ({ from }, index) =>
        `[ -d ${from} ] && mkdir /mnt/taken/${index} || touch /mnt/taken/${index}; mount --bind ${from} /mnt/taken/${index}`,
    ),
    'mount -t tmpfs tmpfs /etc/cni; mount -t tmpfs tmpfs /opt/cni; mkdir -p /etc/cni/net.d /opt/cni/bin',
    ...IMAGE_PLUGINS.map((name) => `echo 'of the image' > /opt/cni/bin/${name}`),
    // Where an image has no such folder the runtime makes it, in a root that is the container's own.
    ...mounts.map(
      ({ mountPath }, index) =>
        `${mountPath === '/host' ? HOST_FOLDER : ':'}; mount --bind /mnt/taken/${index} ${mountPath === '/host' ? '/mnt/host' : mountPath}`,
    ),
    'exec "$@"',
  ].join('\n');
  const child = spawn(
    'unshare',
    ['--mount', 'bash', '-c', script, 'container', ...argv.map((word) => word.replaceAll('/host/', '/mnt/host/'))],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'a'])) },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close') as Promise<[number | null]>;
  return { end: async () => [(await ended)[0], output], tell: (signal) => void child.kill(signal), log: () => output };
}

/** This machine's root is the container's, too, and gets no folder of that name. */
const HOST_FOLDER = 'mkdir -p /mnt/host';

function configurationsIn(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => /\.(conf|conflist|json)$/.test(name))
      .toSorted()
      .map((name) => {
        const { plugins } = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as {
          readonly plugins: readonly { readonly type: string }[];
        };
        return [name, plugins[0]?.type ?? ''];
      }),
  );
}

function pluginsIn(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8').trim()]),
  );
}
