/**
 * containerd's folder with all images imported and unpacked, made once per set of images.
 *
 * A node gets its own by hard links: blobs and unpacked layers are never written to again, only the databases are, and those
 * are copied. Importing 200 MB on each of six nodes would take most of a minute.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CACHE } from '../binaries/locate.js';
import { run, start, until } from '../process.js';
import { PAUSE_IMAGE } from './images.js';

export function containerdConfig(): string {
  return `version = 2
oom_score = 0
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
`;
}

/** The template's folder for exactly these archives; older templates are removed. */
export async function containerdTemplate(archives: readonly string[], note: (text: string) => void): Promise<string> {
  const key = createHash('sha256')
    .update(archives.map((path) => basename(path)).join())
    .digest('hex')
    .slice(0, 12);
  const folder = join(dirname(CACHE), 'containerd');
  const template = join(folder, key);
  if (existsSync(template)) return template;
  note('import the images once');
  mkdirSync(folder, { recursive: true });
  const making = join(folder, `making-${process.pid}`);
  mkdirSync(join(making, 'state'), { recursive: true });
  const config = join(making, 'config.toml');
  writeFileSync(config, containerdConfig());
  const socket = join(making, 'state/containerd.sock');
  const daemon = start([
    'containerd',
    '--config',
    config,
    '--root',
    join(making, 'root'),
    '--state',
    join(making, 'state'),
    '--address',
    socket,
  ]);
  try {
    await until('containerd', 20_000, async () =>
      (await run(['ctr', '--address', socket, 'version']).catch(() => '')) === '' ? undefined : true,
    );
    for (const archive of archives) {
      await run(['ctr', '--address', socket, '-n', 'k8s.io', 'images', 'import', '--snapshotter', 'overlayfs', archive], {
        timeoutMs: 120_000,
      });
    }
  } finally {
    daemon.kill('SIGTERM');
    await until('containerd to end', 10_000, () => (daemon.exitCode !== null || daemon.signalCode !== null ? true : undefined));
  }
  for (const old of readdirSync(folder)) if (!old.startsWith('making-')) rmSync(join(folder, old), { recursive: true, force: true });
  renameSync(join(making, 'root'), template);
  rmSync(making, { recursive: true, force: true });
  return template;
}

/** A node's own /var/lib/containerd at `to`, on the template's file system. */
export async function cloneTemplate(template: string, to: string): Promise<void> {
  await run(['cp', '-al', template, to]);
  const databases = (await run(['find', to, '-name', '*.db']))
    .trim()
    .split('\n')
    .filter((path) => path !== '');
  for (const path of databases) {
    await run(['cp', '--remove-destination', path.replace(to, template), path]);
  }
}
