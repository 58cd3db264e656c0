/**
 * A real control plane as child processes: etcd and kube-apiserver, and kube-controller-manager and kube-scheduler where a
 * cluster needs them. It dies with the process that started it, however that ends.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { API_SERVER, type Binary, binaryPath } from '../lab/binaries/locate.js';
import { freePort } from '../lab/freePort.js';
import { createPki, type Pki } from './pki.js';

const READY_MS = 120_000;

export interface ControlPlaneOptions {
  readonly name: string;
  /** Emptied first; holds keys, logs and etcd's data. */
  readonly dir: string;
  /** One range, or an IPv4 and an IPv6 one with a comma. */
  readonly serviceCIDR: string;
  /** Default 127.0.0.1. */
  readonly bindAddress?: string;
  /** What the Service `kubernetes` points at; default `bindAddress`, or 10.255.255.1 for loopback, which it may not be. */
  readonly advertiseAddress?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Further names of the serving certificate, as `IP:…` or `DNS:…`. */
  readonly sans?: readonly string[];
  /** Command prefix of every process, such as `['nsenter', '--net=/run/netns/x', '--']`. */
  readonly enter?: readonly string[];
  /** kube-controller-manager's `--controllers`, e.g. `*,-nodeipam`; absent: not started. */
  readonly controllers?: string;
  readonly scheduler?: boolean;
  readonly users?: readonly { readonly name: string; readonly groups: readonly string[] }[];
  readonly apiServerArgs?: readonly string[];
}

export interface ControlPlane {
  readonly name: string;
  /** `https://address:port`. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly dir: string;
  /** Process ids of what runs now, by program. */
  pids(): Readonly<Record<string, number>>;
  token(user: string): string;
  /** A kubeconfig, as YAML text, that authenticates as `user`; `admin` may do everything. */
  kubeconfig(user: string): string;
  /** Freezes and thaws the API server: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the API server alone, and brings it back on the same data. */
  killApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it and waits until it is ready. @throws with the end of its log when the API server dies or is not ready in 120 s. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const bind = options.bindAddress ?? '127.0.0.1';
  const port = options.port ?? (await freePort());
  const [etcdPort, etcdPeerPort] = [await freePort(), await freePort()];
  rmSync(options.dir, { recursive: true, force: true });
  mkdirSync(`${options.dir}/log`, { recursive: true });
  const pki = await createPki(`${options.dir}/pki`, [
    ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost'].map(
      (name) => `DNS:${name}`,
    ),
    'IP:127.0.0.1',
    `IP:${bind}`,
    `IP:${firstServiceAddress(options.serviceCIDR)}`,
    ...(options.advertiseAddress === undefined ? [] : [`IP:${options.advertiseAddress}`]),
    ...(options.sans ?? []),
  ]);
  const ca = readFileSync(pki.ca, 'utf8');
  const tokens = writeTokens(options);
  const server = `https://${bind.includes(':') ? `[${bind}]` : bind}:${port}`;
  const kubeconfig = (user: string): string => kubeconfigText({ name: options.name, server, ca, token: token(user) });
  const token = (user: string): string => {
    const found = tokens.get(user);
    if (found === undefined) throw new Error(`control plane ${options.name} has no user ${user}`);
    return found;
  };

  const processes = new Map<Binary, ChildProcess>();
  const launch = (program: Binary, args: readonly string[]): void => {
    processes.set(program, spawnLogged(program, [...(options.enter ?? [])], { args, log: `${options.dir}/log/${program}.log` }));
  };
  const startApiServer = async (): Promise<void> => {
    launch('kube-apiserver', apiServerArgs(options, pki, { bind, port, etcdPort }));
    await ready({ server, ca, dir: options.dir, enter: options.enter ?? [], child: processes.get('kube-apiserver') });
  };
  launch('etcd', [
    ...[`--data-dir=${options.dir}/etcd`, '--unsafe-no-fsync', '--log-level=error'],
    ...[`--listen-client-urls=http://127.0.0.1:${etcdPort}`, `--advertise-client-urls=http://127.0.0.1:${etcdPort}`],
    ...[`--listen-peer-urls=http://127.0.0.1:${etcdPeerPort}`, `--initial-advertise-peer-urls=http://127.0.0.1:${etcdPeerPort}`],
    `--initial-cluster=default=http://127.0.0.1:${etcdPeerPort}`,
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all([...processes.values()].map(end));
  };
  writeFileSync(`${options.dir}/admin.kubeconfig`, kubeconfig('admin'), { mode: 0o600 });
  try {
    await startApiServer();
  } catch (error) {
    await stop();
    throw error;
  }
  for (const [program, args] of companions(options, pki)) {
    const config = `${options.dir}/${program}.kubeconfig`;
    writeFileSync(config, kubeconfig(`system:${program}`), { mode: 0o600 });
    launch(program, [`--kubeconfig=${config}`, ...args]);
  }

  const killApiServer = (): Promise<void> => end(processes.get('kube-apiserver'));
  return {
    name: options.name,
    server,
    ca,
    dir: options.dir,
    pids: () => Object.fromEntries([...processes].map(([program, child]) => [program, child.pid ?? 0])),
    token,
    kubeconfig,
    pause: () => void processes.get('kube-apiserver')?.kill('SIGSTOP'),
    resume: () => void processes.get('kube-apiserver')?.kill('SIGCONT'),
    killApiServer,
    restartApiServer: async () => {
      await killApiServer();
      await startApiServer();
    },
    stop,
  };
}

function companions(options: ControlPlaneOptions, pki: Pki): [Binary, string[]][] {
  const manager = [
    ...['--leader-elect=false', '--secure-port=0', '--use-service-account-credentials', `--root-ca-file=${pki.ca}`],
    ...[`--service-account-private-key-file=${pki.serviceAccountKey}`, '--node-monitor-grace-period=20s'],
    ...[`--controllers=${options.controllers}`, `--cluster-name=${options.name}`],
  ];
  const both: [Binary, string[]][] = [];
  if (options.controllers !== undefined) both.push(['kube-controller-manager', manager]);
  if (options.scheduler === true) both.push(['kube-scheduler', ['--leader-elect=false', '--secure-port=0']]);
  return both;
}

function apiServerArgs(
  options: ControlPlaneOptions,
  pki: Pki,
  at: { readonly bind: string; readonly port: number; readonly etcdPort: number },
): string[] {
  const advertise = options.advertiseAddress ?? (at.bind === '127.0.0.1' ? '10.255.255.1' : at.bind);
  return [
    ...[`--etcd-servers=http://127.0.0.1:${at.etcdPort}`, `--secure-port=${at.port}`, `--bind-address=${at.bind}`],
    ...[`--advertise-address=${advertise}`, `--service-cluster-ip-range=${options.serviceCIDR}`],
    ...[`--tls-cert-file=${pki.apiServer.cert}`, `--tls-private-key-file=${pki.apiServer.key}`, `--client-ca-file=${pki.ca}`],
    ...[`--token-auth-file=${options.dir}/tokens.csv`, `--kubelet-client-certificate=${pki.kubeletClient.cert}`],
    ...[`--kubelet-client-key=${pki.kubeletClient.key}`, '--kubelet-preferred-address-types=InternalIP'],
    ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${pki.serviceAccountKey}`],
    ...[`--service-account-signing-key-file=${pki.serviceAccountKey}`, '--authorization-mode=Node,RBAC'],
    ...['--enable-admission-plugins=NodeRestriction', '--allow-privileged=true', ...(options.apiServerArgs ?? [])],
  ];
}

/** `setpriv --pdeathsig` is the first word, so that the program dies with us even when we are killed. */
function spawnLogged(
  program: Binary,
  enter: readonly string[],
  what: { readonly args: readonly string[]; readonly log: string },
): ChildProcess {
  const path = located(program === 'kube-apiserver' ? API_SERVER : program);
  const log = openSync(what.log, 'a');
  try {
    return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...enter, path, ...what.args], { stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

interface Starting {
  readonly server: string;
  readonly ca: string;
  readonly dir: string;
  readonly enter: readonly string[];
  readonly child: ChildProcess | undefined;
}

async function ready(starting: Starting): Promise<void> {
  const deadline = Date.now() + READY_MS;
  const { child } = starting;
  const alive = (): boolean => child?.exitCode === null && child.signalCode === null;
  while (Date.now() < deadline && alive()) {
    if (await (starting.enter.length === 0 ? answersReady(starting.server, starting.ca) : answersReadyInside(starting))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const outcome = alive() ? `did not get ready in ${READY_MS / 1000} s` : `ended with status ${child?.exitCode}`;
  const log = readFileSync(`${starting.dir}/log/kube-apiserver.log`, 'utf8').split('\n').slice(-15).join('\n');
  throw new Error(`kube-apiserver ${outcome}; the end of its log:\n${log}`);
}

/** Asks from where the server runs: we may have no way to it. */
function answersReadyInside(starting: Starting): Promise<boolean> {
  const [program, ...prefix] = [...starting.enter, located('kubectl')];
  const args = [...prefix, `--kubeconfig=${starting.dir}/admin.kubeconfig`, '--request-timeout=2s', 'get', '--raw=/readyz'];
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 5_000, killSignal: 'SIGKILL' }, (error) => resolve(error === null));
  });
}

function answersReady(server: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(`${server}/readyz`, { ca, timeout: 2_000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function located(program: Binary): string {
  const path = binaryPath(program);
  if (path === undefined) throw new Error(`${program} is not built: run \`make setup\``);
  return path;
}

function writeTokens(options: ControlPlaneOptions): Map<string, string> {
  const users = [
    { name: 'admin', groups: ['system:masters'] },
    ...['system:kube-controller-manager', 'system:kube-scheduler', 'system:kube-proxy'].map((name) => ({ name, groups: [] })),
    ...(options.users ?? []),
  ];
  const tokens = new Map(users.map((user) => [user.name, randomBytes(16).toString('hex')]));
  const lines = users.map((user) => `${tokens.get(user.name)},${user.name},${user.name},"${user.groups.join(',')}"`);
  writeFileSync(`${options.dir}/tokens.csv`, `${lines.join('\n')}\n`, { mode: 0o600 });
  return tokens;
}

function kubeconfigText(at: { readonly name: string; readonly server: string; readonly ca: string; readonly token: string }): string {
  return `apiVersion: v1
kind: Config
clusters: [{name: ${at.name}, cluster: {server: "${at.server}", certificate-authority-data: ${Buffer.from(at.ca).toString('base64')}}}]
users: [{name: ${at.name}, user: {token: ${at.token}}}]
contexts: [{name: ${at.name}, context: {cluster: ${at.name}, user: ${at.name}}}]
current-context: ${at.name}
`;
}

function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Of the first range, where there are two: the Service `kubernetes` has that one. */
function firstServiceAddress(cidrs: string): string {
  const [network = ''] = cidrs.split(/[/,]/);
  if (network.includes(':')) return `${network}1`;
  const octets = network.split('.').map(Number);
  return [...octets.slice(0, 3), (octets[3] ?? 0) + 1].join('.');
}
