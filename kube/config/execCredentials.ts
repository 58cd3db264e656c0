/**
 * Credentials from a kubeconfig's `exec` program (client.authentication.k8s.io).
 *
 * Not client-node's: that runs the program without a deadline, does not set KUBERNETES_EXEC_INFO, which several programs
 * insist on, and cannot be told to forget what it has cached.
 */
import { execFile } from 'node:child_process';
import type { Credentials } from '../wire/client.js';

export interface ExecConfig {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly apiVersion?: string;
  readonly provideClusterInfo?: boolean;
  readonly installHint?: string;
}

export interface ExecDeps {
  /** Wall clock, milliseconds since 1970. */
  readonly wall: () => number;
  /** What KUBERNETES_EXEC_INFO says of the cluster, where the program wants to know. */
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
}

export interface ExecCredentials {
  /** Runs the program, unless what it said last still holds. @throws with what to do; never with what the program printed as credentials. */
  get(): Promise<Credentials>;
  invalidate(): void;
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
    // The program needs what every program needs: PATH, HOME and the settings of its own cloud.
    env: { ...process.env, ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
  } as const;
  return new Promise((resolve, reject) => {
    execFile(exec.command, [...(exec.args ?? [])], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(explain(exec, error, { stderr, timeoutMs: deps.timeoutMs })));
    });
  });
}

function explain(exec: ExecConfig, error: { readonly code?: unknown; readonly killed?: boolean }, ran: { readonly stderr: string; readonly timeoutMs: number }): string {
  const program = `the kubeconfig's program ${exec.command}`;
  if (error.code === 'ENOENT') return `${program} is not installed${exec.installHint === undefined ? '' : `: ${exec.installHint.trim().split('\n', 1)[0]}`}`;
  if (error.killed === true) return `${program} did not answer within ${ran.timeoutMs} ms`;
  const said = (ran.stderr.trim().split('\n', 1)[0] ?? '').slice(0, 300);
  return `${program} failed with ${String(error.code)}${said === '' ? '' : `: ${said}`}`;
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
