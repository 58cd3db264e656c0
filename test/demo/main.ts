/**
 * `make demo`: three real clusters, one federation, on this machine. `ONCE=1` shows the steps and ends; else it stays up.
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaryPath } from '../lab/binaries/locate.js';
import { buildImages } from '../lab/kubelet/images.js';
import { containerdTemplate } from '../lab/kubelet/containerdTemplate.js';
import { currentRun, enterWorld } from '../lab/world/enter.js';
import { runFolder } from '../lab/world/state.js';
import { installExample, startExample } from './install.js';
import { clientAddress, fetchWeb, isGone, servers, setExported, startWorkloads, timed } from './steps.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/kilofed.js', import.meta.url));
const began = performance.now();

const run = currentRun();
process.exitCode = run === undefined ? await enterWorld([process.execPath, '--enable-source-maps', fileURLToPath(import.meta.url)]) : await demo(run);
// A world's clusters are child processes, and end with it.
if (run !== undefined) process.exit(process.exitCode);

async function demo(id: string): Promise<number> {
  const once = (process.env['ONCE'] ?? '') !== '';
  const folder = runFolder(id);
  say(`Three clusters on this machine: east (2 locations, 3 nodes), west (2 nodes), north (1 node, home of the hub).
        Real API servers, kubelets, kube-proxy, CoreDNS, WireGuard. About 90 s; the first time some more, to make the images.
        Logs: ${folder}`);
  try {
    const archives = await buildImages((text) => say(`  ${text}`));
    const template = await containerdTemplate(archives, (text) => say(`  ${text}`));
    say('starting the clusters (about 30 s)');
    const example = await startExample({ runId: id, folder, template });
    say('clusters are up: every node Ready, cluster DNS running');
    await installExample(example, (text) => say(`  ${text}`));
    say('installed by kubectl apply: agents rolled out, the hub and its Redis run in north');
    const { east, west, north } = example;
    await startWorkloads(example);
    const address = await clientAddress(west);
    const first = await timed('the first answer', () => Promise.resolve(), () => fetchWeb(west));
    say(`a pod in west asks http://web.demo: ${first.value.server} in east answers, and sees ${first.value.client}`);
    if (first.value.client !== address) throw new Error(`the server saw ${first.value.client}, but the client is ${address}: something on the way translates addresses`);
    say('  that is the pod\'s own address: nothing on the way translated it');

    const scaled = await timed('the second endpoint', () => east.kubectl(['-n', 'demo', 'scale', 'deployment/web', '--replicas=2']), async () => ((await servers(west, 8)).size === 2 ? true : undefined));
    say(`east scales web to two: both answer in west after ${seconds(scaled.ms)} (the new pod's own start included)`);
    const gone = await timed('the service to go', () => setExported(east, false), () => isGone(west));
    say(`east takes the annotation off: the Service is gone from west after ${seconds(gone.ms)}`);
    const back = await timed('the service to be back', () => setExported(east, true), () => fetchWeb(west));
    say(`east puts it on again: a pod in west gets an answer after ${seconds(back.ms)}`);
    say('kilofed status:\n');
    const status = spawnSync(process.execPath, [PROGRAM, 'status', '--kubeconfig', north.kubeconfigFile], { encoding: 'utf8' });
    process.stdout.write(`${status.stdout}${status.stderr}\n`);
    if (status.status !== 0) throw new Error(`kilofed status ended with ${status.status}`);
    if (!once) await stayUp(folder);
    say('done; everything of it is gone when this ends');
    return 0;
  } catch (error) {
    say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    say(`what every part had to say is kept in ${keepLogs(folder)}`);
    return 1;
  }
}

async function stayUp(folder: string): Promise<void> {
  say(`The federation stays up until Ctrl-C. To look around, in another terminal:
        make lab-shell                      a shell in which kubectl reaches the clusters
        kubectl --kubeconfig ${folder}/west/kubeconfig -n demo exec client -- wget -qO- http://web.demo
        kilofed status --kubeconfig ${folder}/north/kubeconfig`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    setInterval(() => undefined, 60_000);
  });
}

/** Copies what tells of a failure out of the run's folder, which goes with the run. */
function keepLogs(folder: string): string {
  const kept = join(tmpdir(), 'kilofed-demo-logs');
  const script = `rm -rf "$2"; mkdir -p "$2"; cd "$1"; cp -r --parents */log */nodes/*/log "$2" 2>/dev/null
for cluster in */kubeconfig; do
  name=$(dirname "$cluster"); k="$3 --kubeconfig=$cluster --request-timeout=5s"
  $k get nodes,pods,services,endpointslices,peers,meshes,meshnodes -A -o wide > "$2/$name/objects" 2>&1
  $k get events -A > "$2/$name/events" 2>&1
  for pod in $($k -n kilofed get pods -o name); do $k -n kilofed logs "$pod" > "$2/$name/$(basename "$pod").log" 2>&1; done
done`;
  spawnSync('bash', ['-c', script, 'keep', folder, kept, binaryPath('kubectl') ?? 'kubectl']);
  return kept;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function say(text: string): void {
  process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)}s ${text}\n`);
}
