/**
 * A kubeconfig's text to a connection.
 *
 * The one place that uses @kubernetes/client-node's KubeConfig: it knows contexts, OIDC, token files and client certificates.
 * One instance per kubeconfig, since it caches credentials by user name and members use equal names.
 */
import type { Result } from '../../core/runtime/result.js';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import type { ConnectionOptions, CredentialLifetime, Credentials, CredentialSource } from '../wire/client.js';
import { createExecCredentials, type Environment } from './execCredentials.js';
import { type ClusterFields, INLINE_ONLY, type KubeconfigRights, type UserFields } from './fields.js';
import { lifetimeOf } from './lifetime.js';
import { throughProxy } from './proxy.js';
import { type KubeconfigParts, readKubeconfig } from './readKubeconfig.js';
import { within } from './within.js';

/** How to reach the API server of a kubeconfig's context. */
interface Connection extends Omit<ConnectionOptions, 'userAgent'> {
  /** Absent: no credentials in the kubeconfig itself end. */
  readonly lifetime?: CredentialLifetime;
}

export interface LoadOptions {
  /** Default: the kubeconfig's current-context. */
  readonly context?: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Wall-clock milliseconds, for credentials that say when they end. Default: the machine's. */
  readonly wall?: () => number;
  /** What relative paths in it start from: the folder of the kubeconfig. */
  readonly directory?: string;
  /** Default: inline data only, for whoever may have written it. */
  readonly rights?: KubeconfigRights;
  /** What programs that the kubeconfig names find in their environment. Default: nothing. */
  readonly environment?: Environment;
}

/** A program that is asked for credentials, or an identity provider, must answer within this. */
const CREDENTIALS_MS = 15_000;
/** Asking KubeConfig reads files: not for every request. */
const CREDENTIALS_TTL_MS = 30_000;

/** Every mistake in the text becomes a sentence that says what to correct. Never throws. */
export function loadKubeconfig(text: string, options: LoadOptions): Result<Connection> {
  const read = readKubeconfig(text, options.context, options.rights ?? INLINE_ONLY);
  if (!read.ok) return read;
  const parts = read.value;
  const authority = authorityOf(parts.cluster, options.directory);
  if (!authority.ok) return authority;
  const problem = problemOfCertificate(parts.user);
  if (problem !== undefined) return { ok: false, error: problem };
  const lifetime = lifetimeOf(parts.user);
  const proxyUrl = parts.cluster['proxy-url'];
  const dial = proxyUrl === undefined ? undefined : throughProxy(proxyUrl, parts.server);
  if (dial?.ok === false) return dial;
  const serverName = parts.cluster['tls-server-name'];
  return {
    ok: true,
    value: {
      server: parts.server,
      ...(authority.value === undefined ? {} : { ca: authority.value }),
      ...(parts.cluster['insecure-skip-tls-verify'] === true ? { insecureSkipVerify: true } : {}),
      ...(serverName === undefined ? {} : { serverName }),
      ...(dial === undefined ? {} : { dial: dial.value }),
      ...(lifetime === undefined ? {} : { lifetime }),
      credentials: cached(sourceOf(parts, options), options.now),
    },
  };
}

function sourceOf(parts: KubeconfigParts, options: LoadOptions): CredentialSource {
  const { exec } = parts.user;
  if (exec === undefined) return fromConfig(parts, options.directory);
  return createExecCredentials(exec, {
    wall: options.wall ?? Date.now,
    cluster: parts.cluster,
    environment: options.environment ?? {},
    directory: options.directory,
    timeoutMs: CREDENTIALS_MS,
  });
}

/** A new instance after each invalidation: an old one cannot be told to forget. */
function fromConfig(parts: KubeconfigParts, directory: string | undefined): CredentialSource {
  let config: KubeConfig | undefined;
  return {
    async get() {
      config ??= configOf(parts, directory);
      const options: RequestOptions = { headers: {} };
      await within(
        CREDENTIALS_MS,
        config.applyToHTTPSOptions(options),
        `the kubeconfig's credentials did not come within ${CREDENTIALS_MS} ms`,
      );
      const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()] as const);
      return {
        headers: {
          ...Object.fromEntries(headers),
          ...(typeof options.auth === 'string' ? { authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` } : {}),
        },
        ...pem('cert', options.cert),
        ...pem('key', options.key),
      };
    },
    invalidate() {
      config = undefined;
    },
  };
}

/** Of the one context alone, so that mistakes elsewhere in the kubeconfig do not matter. */
function configOf(parts: KubeconfigParts, directory: string | undefined): KubeConfig {
  const { tokenFile, token, ...user } = parts.user;
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { ...parts.cluster, 'proxy-url': undefined } }],
      // client-node knows no `tokenFile` of a user, which wins over `token`.
      users: [{ name: 'u', user: tokenFile !== undefined ? { ...user, ...tokenFileUser(tokenFile, directory) } : { ...user, token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  if (directory !== undefined) config.makePathsAbsolute(directory);
  return config;
}

function tokenFileUser(tokenFile: string, directory: string | undefined): object {
  return { 'auth-provider': { name: 'tokenFile', config: { tokenFile: resolve(directory ?? '.', tokenFile) } } };
}

function cached(source: CredentialSource, now: () => number): CredentialSource {
  let held: { readonly until: number; readonly credentials: Credentials } | undefined;
  let asking: Promise<Credentials> | undefined;
  async function ask(): Promise<Credentials> {
    const credentials = await source.get();
    held = { until: now() + CREDENTIALS_TTL_MS, credentials };
    return credentials;
  }
  return {
    get() {
      if (held !== undefined && now() < held.until) return Promise.resolve(held.credentials);
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    invalidate() {
      held = undefined;
      source.invalidate();
    },
  };
}

/** In PEM; undefined: the system's roots. */
type Authority = Result<string | undefined>;

function authorityOf(cluster: ClusterFields, directory: string | undefined): Authority {
  const { 'certificate-authority-data': data, 'certificate-authority': file } = cluster;
  if (data !== undefined) return checkAuthority(Buffer.from(data, 'base64').toString('utf8'), 'certificate-authority-data');
  if (file === undefined) return { ok: true, value: undefined };
  try {
    return checkAuthority(readFileSync(resolve(directory ?? '.', file), 'utf8'), `certificate-authority ${file}`);
  } catch {
    return { ok: false, error: `certificate-authority ${file} cannot be read: put the certificate itself into certificate-authority-data` };
  }
}

function checkAuthority(text: string, what: string): Authority {
  if (isCertificate(text)) return { ok: true, value: text };
  return { ok: false, error: `${what} of the kubeconfig is not a certificate in PEM form` };
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}

/** Only of what is in the kubeconfig itself: files may appear later. */
function problemOfCertificate(user: UserFields): string | undefined {
  const { 'client-certificate-data': cert, 'client-key-data': key } = user;
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert: Buffer.from(cert, 'base64'), key: Buffer.from(key, 'base64') });
    return undefined;
  } catch {
    return 'client-certificate-data and client-key-data of the kubeconfig are not a certificate and its key in PEM form';
  }
}

function pem<N extends 'cert' | 'key'>(name: N, value: unknown): { readonly [K in N]?: string } {
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return {};
  return { [name]: value.toString() } as { readonly [K in N]: string };
}
