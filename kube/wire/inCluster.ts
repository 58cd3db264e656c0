/**
 * Connections made from files: the service account's own in a pod, or named ones.
 */
import { readFileSync, statSync } from 'node:fs';
import type { ConnectionOptions, CredentialSource } from './client.js';

export interface ConnectionFiles {
  readonly server: string;
  readonly tokenFile: string;
  readonly caFile: string;
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Where a pod finds its API server, or undefined outside a pod. */
export function inClusterFiles(env: Readonly<Record<string, string | undefined>>): ConnectionFiles | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined) return undefined;
  const name = host.includes(':') ? `[${host}]` : host;
  return { server: `https://${name}:${port}`, tokenFile: `${ACCOUNT}/token`, caFile: `${ACCOUNT}/ca.crt` };
}

/** @throws when the CA file cannot be read, naming it. The token may appear later; it is read for each new request. */
export function fileConnection(files: ConnectionFiles): Omit<ConnectionOptions, 'userAgent'> {
  return { server: files.server, ca: readFileSync(files.caFile, 'utf8'), credentials: tokenFile(files.tokenFile) };
}

/** The kubelet replaces the file well before the token ends: it is read again when its modification time moved. */
function tokenFile(path: string): CredentialSource {
  let cached: { readonly modified: number; readonly token: string } | undefined;
  return {
    async get() {
      const modified = statSync(path).mtimeMs;
      if (cached === undefined || cached.modified !== modified) {
        cached = { modified, token: readFileSync(path, 'utf8').trim() };
      }
      return { headers: { authorization: `Bearer ${cached.token}` } };
    },
    invalidate() {
      cached = undefined;
    },
  };
}
