/**
 * Builds the programs of the lab from their Go modules into the cache: what is missing, and what was built from another go.mod.
 *
 * One build at a time on a machine (flock on the cache folder); a program appears under its final name only when complete.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { attempt, start, ended, sleep } from '../process.js';
import { API_SERVER, type Binary, binaryPath, CACHE, cacheFolder } from './locate.js';

const VERSION_PACKAGE = 'k8s.io/component-base/version';
const BUILD_MS = 3_600_000;

interface Recipe {
  readonly program: Binary;
  /** Folder of the wrapper module, from the repository's root. */
  readonly module: string;
  /** What `go build` is asked for, inside that folder; or the script there that builds it to where its argument says. */
  readonly target: string;
  readonly flags: string;
  /** On two cores with an empty Go cache, measured: what the estimate starts from. */
  readonly seconds: number;
  /** A lab starts without it, and so does what comes before its purpose in `PURPOSES`. Default: `lab`. */
  readonly purpose?: Purpose;
}

/** What is to run: a lab, as the demo does; one whose network plugin is flannel, as an end-to-end test has it; every test. */
export type Purpose = 'lab' | 'flannel' | 'tests';

/** Each needs what those before it need. */
const PURPOSES: readonly Purpose[] = ['lab', 'flannel', 'tests'];

/** The Kubernetes that charts are rendered for where there is no cluster to ask, as releases of Helm are told, too. */
const helm = (program: Binary, major: 3 | 4, versions: string): Recipe => ({
  program,
  module: `test/lab/binaries/${program}`,
  target: `helm.sh/helm/v${major}/cmd/helm`,
  flags: `-s -w -X helm.sh/helm/v${major}/${versions}.k8sVersionMajor=1 -X helm.sh/helm/v${major}/${versions}.k8sVersionMinor=35`,
  seconds: 90,
  purpose: 'tests',
});

const kubernetes = (program: Binary, seconds: number): Recipe => ({
  program,
  module: 'test/lab/binaries/kubernetes',
  target: `k8s.io/kubernetes/cmd/${program}`,
  flags: kubernetesFlags(35, 4),
  seconds,
});

/** Built only where it is asked for (`KUBERNETES=1.31`): it shares no compiled package with the others. */
const OLDEST_API_SERVER: Recipe = {
  program: 'kube-apiserver-1.31',
  module: 'test/lab/binaries/kubernetes-1.31',
  target: 'k8s.io/kubernetes/cmd/kube-apiserver',
  flags: kubernetesFlags(31, 14),
  seconds: 217,
  purpose: 'tests',
};

function kubernetesFlags(minor: number, patch: number): string {
  const version = { gitVersion: `v1.${minor}.${patch}`, gitMajor: 1, gitMinor: minor };
  return ['-s -w', ...Object.entries(version).map(([name, value]) => `-X ${VERSION_PACKAGE}.${name}=${value}`)].join(' ');
}

/** In this order the later ones find most packages compiled, and the quick ones come first. */
const RECIPES: readonly Recipe[] = [
  { program: 'wireguard-go', module: 'tools/wireguard-go', target: 'build.sh', flags: '', seconds: 6 },
  { program: 'etcd', module: 'test/lab/binaries/etcd', target: 'go.etcd.io/etcd/server/v3', flags: '-s -w', seconds: 37 },
  kubernetes('kube-apiserver', 217),
  kubernetes('kube-controller-manager', 55),
  kubernetes('kubelet', 47),
  kubernetes('kubectl', 23),
  kubernetes('kube-scheduler', 10),
  kubernetes('kube-proxy', 8),
  { program: 'coredns', module: 'test/lab/binaries/coredns', target: '.', flags: '-s -w', seconds: 40 },
  { program: 'flanneld', module: 'test/lab/binaries/flannel', target: 'build.sh', flags: '', seconds: 25, purpose: 'flannel' },
  helm('helm3', 3, 'pkg/chartutil'),
  helm('helm4', 4, 'pkg/chart/common'),
];

/** Which programs have to be built before. */
export function missingBinaries(purpose: Purpose): Binary[] {
  return missing(purpose).map((recipe) => recipe.program);
}

function missing(purpose: Purpose): readonly Recipe[] {
  const upTo = PURPOSES.indexOf(purpose);
  const recipes = API_SERVER === OLDEST_API_SERVER.program ? [...RECIPES, OLDEST_API_SERVER] : RECIPES;
  return recipes.filter((recipe) => PURPOSES.indexOf(recipe.purpose ?? 'lab') <= upTo && !isCurrent(recipe));
}

/** Builds them, telling `note` how far it is. @throws with the compiler's words when a build fails. */
export async function buildBinaries(purpose: Purpose, note: (text: string) => void): Promise<void> {
  if (missing(purpose).length === 0) return;
  mkdirSync(CACHE, { recursive: true });
  const release = await lock(note);
  try {
    // Another run may have built while we waited.
    const recipes = missing(purpose);
    const begin = performance.now();
    for (const [index, recipe] of recipes.entries()) {
      const left = recipes.slice(index).reduce((sum, each) => sum + each.seconds, 0);
      const elapsed = Math.round((performance.now() - begin) / 1000);
      note(`build ${recipe.program} (${index + 1} of ${recipes.length}, ${elapsed} s so far, about ${left} s to go on two cores)`);
      await build(recipe);
    }
  } finally {
    await release();
  }
}

async function build(recipe: Recipe): Promise<void> {
  const folder = cacheFolder(recipe.program);
  const temporary = join(folder, `.${recipe.program}.${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const command = isScript(recipe)
    ? ['sh', recipe.target, temporary]
    : ['go', 'build', '-trimpath', '-ldflags', recipe.flags, '-o', temporary, recipe.target];
  const { code, stderr } = await attempt(command, {
    cwd: moduleFolder(recipe.module),
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
    timeoutMs: BUILD_MS,
  });
  if (code !== 0) {
    rmSync(temporary, { force: true });
    throw new Error(`go could not build ${recipe.program} (in ${recipe.module}):\n${stderr.slice(-3000)}`);
  }
  renameSync(temporary, join(folder, recipe.program));
  writeFileSync(keyFile(recipe), key(recipe));
}

/** There, and made from the present go.mod. What KUBEBUILDER_ASSETS holds is taken as it is. */
function isCurrent(recipe: Recipe): boolean {
  const path = binaryPath(recipe.program);
  if (path === undefined) return false;
  if (dirname(path) !== cacheFolder(recipe.program)) return true;
  return existsSync(keyFile(recipe)) && readFileSync(keyFile(recipe), 'utf8') === key(recipe);
}

function isScript({ target }: Recipe): boolean {
  return target.endsWith('.sh');
}

function keyFile(recipe: Recipe): string {
  return join(cacheFolder(recipe.program), `.${recipe.program}.key`);
}

function key(recipe: Recipe): string {
  const folder = moduleFolder(recipe.module);
  const own =
    recipe.program === 'coredns'
      ? readFileSync(join(folder, 'main.go'))
      : isScript(recipe)
        ? readFileSync(join(folder, recipe.target))
        : '';
  return createHash('sha256')
    .update(readFileSync(join(folder, 'go.mod')))
    .update(own)
    .update(recipe.target)
    .update(recipe.flags)
    .digest('hex');
}

/** The sources, not what was compiled from them: the go.mod files are not copied to `out`. */
function moduleFolder(module: string): string {
  return resolve(import.meta.dirname, '../../../..', module);
}

/** Waits for the lock and returns its release. The lock lies with a process that dies with us. */
async function lock(note: (text: string) => void): Promise<() => Promise<void>> {
  const holder = start(['flock', '--no-fork', join(CACHE, '.lock'), 'sh', '-c', 'echo held; exec sleep infinity'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const state = { held: false };
  holder.stdout?.once('data', () => (state.held = true));
  for (let waited = 0; !state.held; waited += 1) {
    if (holder.exitCode !== null) throw new Error(`flock on ${CACHE} ended with status ${holder.exitCode}`);
    if (waited === 10) note('another run is building; waiting for it');
    if (waited > BUILD_MS / 100) throw new Error(`another build holds ${CACHE}/.lock for over an hour`);
    await sleep(100);
  }
  return async () => {
    holder.kill('SIGKILL');
    await ended(holder);
  };
}
