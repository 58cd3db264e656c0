/**
 * When credentials that stand in a kubeconfig end: the claims of a service account's token (a JWT, RFC 7519), or the dates of a client
 * certificate.
 *
 * Nothing here is verified: whoever wrote the kubeconfig says it, and it only tells when to ask for a new token, and for which.
 */
import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type { AccountToken, CredentialLifetime } from '../wire/client.js';
import type { UserFields } from './fields.js';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);
const uid = z.string().regex(/^[-0-9a-zA-Z]{1,64}$/);
/** Seconds, until the year 9999. */
const seconds = z.int().min(0).max(253_402_300_799);

/** Of a token of TokenRequest (kubernetes/pkg/serviceaccount/claims.go). */
const claims = z.object({
  iat: seconds,
  exp: seconds,
  'kubernetes.io': z
    .object({
      namespace: name,
      serviceaccount: z.object({ name }),
      secret: z.object({ name, uid }).optional(),
      pod: z.unknown().optional(),
      node: z.unknown().optional(),
    })
    .optional()
    .catch(undefined),
});

/** Undefined: it does not end, or what is there does not say when. */
export function lifetimeOf(user: UserFields): CredentialLifetime | undefined {
  if (user.tokenFile !== undefined || user.exec !== undefined) return undefined;
  if (user.token !== undefined) return ofToken(user.token);
  const certificate = user['client-certificate-data'];
  return certificate === undefined ? undefined : ofCertificate(certificate);
}

function ofToken(token: string): CredentialLifetime | undefined {
  const parsed = claims.safeParse(payloadOf(token));
  if (!parsed.success || parsed.data.exp <= parsed.data.iat) return undefined;
  const account = accountOf(token, parsed.data);
  return { kind: 'token', since: parsed.data.iat * 1000, until: parsed.data.exp * 1000, ...(account !== undefined && { account }) };
}

/** A token that is bound to a pod or a node is renewed by the kubelet, and by nobody else. */
function accountOf(token: string, { 'kubernetes.io': by }: z.infer<typeof claims>): AccountToken | undefined {
  if (by === undefined || by.pod !== undefined || by.node !== undefined) return undefined;
  return { token, namespace: by.namespace, serviceAccount: by.serviceaccount.name, ...(by.secret !== undefined && { boundTo: by.secret }) };
}

function payloadOf(token: string): unknown {
  const [, payload, signature, ...rest] = token.split('.', 4);
  if (payload === undefined || signature === undefined || rest.length > 0) return undefined;
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function ofCertificate(data: string): CredentialLifetime | undefined {
  try {
    const { validFrom, validTo } = new X509Certificate(Buffer.from(data, 'base64'));
    const [since, until] = [Date.parse(validFrom), Date.parse(validTo)];
    return since < until ? { kind: 'certificate', since, until } : undefined;
  } catch {
    return undefined;
  }
}
