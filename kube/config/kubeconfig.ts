/**
 * A kubeconfig's text to a connection.
 *
 * The one place that uses @kubernetes/client-node's KubeConfig: it knows contexts, exec plugins, OIDC, token files and client
 * certificates. One instance per kubeconfig, since it caches credentials by user name and members use equal names.
 */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ConnectionOptions, Credentials, CredentialSource } from '../wire/client.js';

export type LoadedKubeconfig =
  | { readonly ok: true; readonly connection: Omit<ConnectionOptions, 'userAgent'>; readonly context: string; readonly namespace?: string }
  | { readonly ok: false; readonly error: string };

/** Exec plugins have no deadline of their own. */
const CREDENTIALS_MS = 15_000;
/** Asking KubeConfig reads files and may run a program: not for every request. */
const CREDENTIALS_TTL_MS = 30_000;

/** Every mistake in the text is a sentence that says what to put right. */
export function loadKubeconfig(text: string, options: { readonly context?: string; readonly now: () => number }): LoadedKubeconfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
  } catch (error) {
    return { ok: false, error: `the kubeconfig is not valid YAML of kind Config: ${firstLine(error)}` };
  }
  const name = options.context ?? config.getCurrentContext();
  if (name === undefined || name === '') return { ok: false, error: 'the kubeconfig has no current-context: set one' };
  const context = config.getContextObject(name);
  if (context === null) {
    const known = config.getContexts().map((each) => each.name).join(', ');
    return { ok: false, error: `the kubeconfig has no context ${name}: it has ${known === '' ? 'none' : known}` };
  }
  config.setCurrentContext(name);
  const cluster = config.getCluster(context.cluster);
  if (cluster === null) return { ok: false, error: `context ${name} names cluster ${context.cluster}, which the kubeconfig does not define` };
  if (config.getUser(context.user) === null) return { ok: false, error: `context ${name} names user ${context.user}, which the kubeconfig does not define` };
  const server = parseServer(cluster.server);
  if (server === undefined) return { ok: false, error: `server ${cluster.server} of cluster ${cluster.name} must be an https:// URL` };
  return {
    ok: true,
    context: name,
    ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
    connection: {
      server,
      ...ca(cluster.caData),
      ...(cluster.skipTLSVerify ? { insecureSkipVerify: true } : {}),
      ...(cluster.tlsServerName === undefined ? {} : { serverName: cluster.tlsServerName }),
      credentials: credentialsOf(config, options.now),
    },
  };
}

function credentialsOf(config: KubeConfig, now: () => number): CredentialSource {
  let cached: { readonly until: number; readonly credentials: Credentials } | undefined;
  let asking: Promise<Credentials> | undefined;
  async function ask(): Promise<Credentials> {
    const options: RequestOptions = { headers: {} };
    await within(CREDENTIALS_MS, config.applyToHTTPSOptions(options));
    const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
    const credentials: Credentials = {
      headers: {
        ...(Object.fromEntries(headers) as Record<string, string>),
        ...(typeof options.auth === 'string' ? { authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` } : {}),
      },
      ...(options.cert === undefined ? {} : { cert: String(options.cert) }),
      ...(options.key === undefined ? {} : { key: String(options.key) }),
    };
    cached = { until: now() + CREDENTIALS_TTL_MS, credentials };
    return credentials;
  }
  return {
    get() {
      if (cached !== undefined && now() < cached.until) return Promise.resolve(cached.credentials);
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    invalidate() {
      cached = undefined;
    },
  };
}

function ca(data: string | undefined): { readonly ca?: string } {
  return data === undefined ? {} : { ca: Buffer.from(data, 'base64').toString('utf8') };
}

function parseServer(text: string): string | undefined {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' ? text.replace(/\/$/, '') : undefined;
  } catch {
    return undefined;
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the kubeconfig's credentials did not come within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
