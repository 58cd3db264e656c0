/**
 * Asks a member's API server for another token of the account that the hub has there (TokenRequest, authentication.k8s.io/v1): of the
 * same life, and bound to the same Secret.
 */
import type { Result } from '../../core/runtime/result.js';
import type { AccountToken, CredentialLifetime, KubeClient } from '../../kube/wire/client.js';

/** What API servers grant at least. */
export const MIN_TOKEN_SECONDS = 600;
const TIMEOUT_MS = 10_000;
/** What a token may consist of, so that it can stand in YAML: a JWT. */
const TOKEN = /^[-A-Za-z0-9_]+\.[-A-Za-z0-9_]+\.[-A-Za-z0-9_]+$/;
const LONGEST = 16_384;

export async function requestToken(
  client: KubeClient,
  { since, until, account }: Pick<CredentialLifetime, 'since' | 'until'> & { readonly account: AccountToken },
  signal: AbortSignal,
): Promise<Result<string>> {
  const { namespace, serviceAccount, boundTo } = account;
  const answer = await client.call<{ readonly status?: { readonly token?: unknown } } | null | undefined>({
    method: 'POST',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(serviceAccount)}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        expirationSeconds: Math.max(MIN_TOKEN_SECONDS, Math.round((until - since) / 1000)),
        ...(boundTo !== undefined && { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', ...boundTo } }),
      },
    },
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (!answer.ok) return { ok: false, error: `the member gives no new token: ${answer.error.message}` };
  const token = answer.value?.status?.token;
  return typeof token === 'string' && token.length <= LONGEST && TOKEN.test(token)
    ? { ok: true, value: token }
    : { ok: false, error: 'the member answered with no token' };
}
