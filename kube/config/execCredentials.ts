/**
 * Credentials from a kubeconfig's `exec` program (client.authentication.k8s.io).
 *
 * Not client-node's: that runs the program without a deadline, does not set KUBERNETES_EXEC_INFO, which several programs
 * insist on, and cannot be told to forget what it has cached.
 */
import { execFile } from 'node:child_process';
import { resolve as resolvePath } from 'node:path';
import type * as z from 'zod';
import type { Credentials } from '../wire/client.js';
import type { execSchema } from './fields.js';

type ExecConfig = Readonly<z.infer<typeof execSchema>>;

interface ExecDeps {
  /** Wall clock, milliseconds since 1970. */
  readonly wall: () => number;
  /** What KUBERNETES_EXEC_INFO says of the cluster, where the program wants to know. */
  readonly cluster: Readonly<Record<string, unknown>>;
  /** What the program finds in its environment, besides what the kubeconfig gives it. */
  readonly environment: Environment;
  /** What a command with a slash in it starts from. */
  readonly directory: string | undefined;
  readonly timeoutMs: number;
}

interface ExecCredentials {
  /**
   * Runs the program, unless what it said last still holds. @throws with what to do; never with what the program printed as credentials.
   */
  get(): Promise<Credentials>;
  invalidate(): void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every program needs. A program's own settings stand in its kubeconfig, under `env`. */
const PASSED_ON = ['PATH', 'HOME', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/** The part of a service's own environment that it hands to programs of kubeconfigs: none of its secrets. */
export function programEnvironment(own: Environment): Environment {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]])));
}

/** Credentials are not used in the last seconds of their life. */
const MARGIN_MS = 10_000;
const MAX_OUTPUT_BYTES = 1 << 20;

export function createExecCredentials(exec: ExecConfig, deps: ExecDeps): ExecCredentials {
  let cached: { readonly expires: number; readonly credentials: Credentials } | undefined;
  return {
    async get() {
      if (cached !== undefined && deps.wall() < cached.expires - MARGIN_MS) return cached.credentials;
      cached = parseCredential(await run(exec, deps), exec.command);
      return cached.credentials;
    },
    invalidate() {
      cached = undefined;
    },
  };
}

function run(exec: ExecConfig, deps: ExecDeps): Promise<string> {
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: deps.cluster } : {}) },
  };
  const settings = {
    timeout: deps.timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: {
      ...deps.environment,
      ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
  } as const;
  // As kubectl does: only a command with a slash is a path.
  const command = deps.directory !== undefined && exec.command.includes('/') ? resolvePath(deps.directory, exec.command) : exec.command;
  return new Promise((resolve, reject) => {
    execFile(command, [...(exec.args ?? [])], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(explain(exec, error, { stderr, timeoutMs: deps.timeoutMs })));
    });
  });
}

function explain(
  exec: ExecConfig,
  error: { readonly code?: unknown; readonly killed?: boolean },
  ran: { readonly stderr: string; readonly timeoutMs: number },
): string {
  const program = `the kubeconfig's program ${exec.command}`;
  if (error.code === 'ENOENT') return `${program} is not installed${hintOf(exec)}`;
  if (error.killed === true) return `${program} did not answer within ${ran.timeoutMs} ms`;
  const said = (ran.stderr.trim().split('\n', 1)[0] ?? '').slice(0, 300);
  return `${program} failed with ${String(error.code)}${said === '' ? '' : `: ${said}`}`;
}

function hintOf({ installHint }: ExecConfig): string {
  const [line = ''] = (installHint ?? '').trim().split('\n', 1);
  return line === '' ? '' : `: ${line.slice(0, 300)}`;
}

function parseCredential(output: string, command: string): { readonly expires: number; readonly credentials: Credentials } {
  const status = statusOf(output);
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  if (typeof token !== 'string' && (typeof cert !== 'string' || typeof key !== 'string')) {
    throw new Error(`the kubeconfig's program ${command} printed no ExecCredential with a token, or a certificate and its key`);
  }
  const expires = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    expires: Number.isNaN(expires) ? Infinity : expires,
    credentials: {
      headers: typeof token === 'string' ? { authorization: `Bearer ${token}` } : {},
      ...(typeof cert === 'string' && typeof key === 'string' ? { cert, key } : {}),
    },
  };
}

function statusOf(output: string): Readonly<Record<string, unknown>> {
  try {
    const parsed = JSON.parse(output) as { readonly status?: unknown } | null;
    return typeof parsed?.status === 'object' && parsed.status !== null ? (parsed.status as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
