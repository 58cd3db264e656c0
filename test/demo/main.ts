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
import { until } from '../lab/process.js';
import { type Example, type ExampleNetwork, installExample, startExample } from './install.js';
import { applyNamespace, applyWeb, clientAddress, isGone, type Page, setExported, startClient } from './steps.js';
import { type Seen, watchWeb } from './watch.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/kilofed.js', import.meta.url));
const GONE_MS = 10_000;
const began = performance.now();

const run = currentRun();
process.exitCode =
  run === undefined ? await enterWorld([process.execPath, '--enable-source-maps', fileURLToPath(import.meta.url)]) : await demo(run);
// A world's clusters are child processes, and end with it.
if (run !== undefined) process.exit(process.exitCode);

async function demo(id: string): Promise<number> {
  const once = (process.env['ONCE'] ?? '') !== '';
  const network = networkOf(process.env['NETWORK'] ?? '');
  if (network === undefined) {
    say(`NETWORK is ${process.env['NETWORK']}: leave it out, or say NETWORK=flannel`);
    return 2;
  }
  const folder = runFolder(id);
  const plugin = network === 'flannel' ? ', flannel' : '';
  say(`Three clusters on this machine: east (2 locations, 3 nodes), west (2 nodes), north (1 node, home of the hub).
        Real API servers, kubelets, kube-proxy, CoreDNS, WireGuard${plugin}. About a minute; the first time some more, to make the images.
        Logs: ${folder}`);
  try {
    const archives = await buildImages((text) => say(`  ${text}`));
    const template = await containerdTemplate(archives, (text) => say(`  ${text}`));
    say('starting the clusters (about 30 s)');
    const example = await startExample({ runId: id, folder, template }, { network });
    say('clusters are up: every node Ready, cluster DNS running');
    if (network === 'flannel')
      say('  pods have their network from flannel, started with --ip-masq as k3s (east, north) and RKE2 (west) do');
    await installExample(example, { network, note: (text) => say(`  ${text}`) });
    say('installed by kubectl apply: agents rolled out, the hub and its Redis run in north');
    await show(example);
    say('kilofed status:\n');
    const status = spawnSync(process.execPath, [PROGRAM, 'status', '--kubeconfig', example.north.kubeconfigFile], { encoding: 'utf8' });
    process.stdout.write(`${status.stdout}${status.stderr}\n`);
    if (status.status !== 0) throw new Error(`kilofed status ended with ${status.status}`);
    if (!once) await stayUp(id);
    say('done; everything of it is gone when this ends');
    return 0;
  } catch (error) {
    say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    say(`what every part had to say is kept in ${keepLogs(folder)}`);
    return 1;
  }
}

/** Undefined: there is no such one. */
function networkOf(text: string): ExampleNetwork | undefined {
  return text === '' ? 'lab' : text === 'flannel' ? text : undefined;
}

/** Times run from before kubectl is started for the change to the first request of the pod in west that sees it. */
async function show({ east, west, north }: Example): Promise<void> {
  await Promise.all([startClient(west), applyNamespace(north)]);
  const address = await clientAddress(west);
  const watch = watchWeb([binaryPath('kubectl') ?? 'kubectl', `--kubeconfig=${west.kubeconfigFile}`, '-n', 'demo', 'exec', 'client', '--']);
  await watch.first('a first attempt of the pod in west', 0, () => true);
  say('a pod in west asks for http://web.demo again and again: nobody answers yet');

  const applied = await after(
    () => applyWeb(east),
    (since) => watch.first('an answer in west', since, answered),
  );
  const page = applied.seen.page as Page;
  say(`east applies web, exported by its annotation: west gets an answer after ${seconds(applied.ms)} (the pod's own start included)`);
  say(`  ${page.server} in east answered, and saw ${page.client}`);
  if (page.client !== address)
    throw new Error(`the server saw ${page.client}, but the client is ${address}: something on the way translates addresses`);
  say("  which is the pod's own address: nothing on the way translated it");

  const scaled = await after(
    () => east.kubectl(['-n', 'demo', 'scale', 'deployment/web', '--replicas=2']),
    (since) => watch.first('the second endpoint', since, ({ page: other }) => other !== undefined && other.server !== page.server),
  );
  say(`east scales web to two: the second one answers west after ${seconds(scaled.ms)} (the pod's own start included)`);
  const gone = await after(
    () => setExported(east, false),
    (since) => watch.first('the service to go', since, (seen) => !answered(seen)),
  );
  await until('the Service to be gone', GONE_MS, () => isGone(west));
  say(`east takes the annotation off: west gets no answer any more after ${seconds(gone.ms)}, and the Service is gone`);
  const back = await after(
    () => setExported(east, true),
    (since) => watch.first('the service to be back', since, answered),
  );
  say(`east puts it on again: west gets an answer after ${seconds(back.ms)}`);
  watch.stop();
}

async function after<T>(change: () => Promise<unknown>, observe: (since: number) => Promise<T>): Promise<T> {
  const since = Date.now();
  await change();
  return observe(since);
}

function answered({ page }: Seen): boolean {
  return page !== undefined;
}

async function stayUp(id: string): Promise<void> {
  say(`The federation stays up until Ctrl-C. To look around, in another terminal:
        make lab-shell RUN=${id}   enters it; there:
        kubectl --context west -n demo exec client -- wget -qO- http://web.demo
        kubectl --context east get meshnodes,peers
        kilofed status --context north -o wide`);
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
