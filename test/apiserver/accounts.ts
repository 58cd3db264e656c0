/**
 * Clients that act as the service accounts of `manifests/`: the test's own credentials, and impersonation on top.
 */
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import type { ControlPlane } from './controlPlane.js';

export interface Account {
  readonly namespace: string;
  readonly name: string;
  /** The node of the pod that the token was given to; absent: it was given to no pod. */
  readonly node?: string;
}

/** As an administrator, or as `account`, with what the API server knows of a pod's token. */
export function clientAs(controlPlane: ControlPlane, account?: Account): KubeClient {
  const loaded = loadKubeconfig(controlPlane.kubeconfig('admin'), { now: () => systemClock.now() });
  if (!loaded.ok) throw new Error(loaded.error);
  const { credentials, ...connection } = loaded.value;
  return createKubeClient(
    {
      ...connection,
      userAgent: 'kilofed-test',
      credentials: {
        async get() {
          const held = await credentials.get();
          return { ...held, headers: { ...held.headers, ...impersonation(account) } };
        },
        invalidate: () => credentials.invalidate(),
      },
    },
    { clock: systemClock },
  );
}

/** With a token and nothing else. */
export function clientWithToken(controlPlane: ControlPlane, token: string): KubeClient {
  return createKubeClient(
    {
      server: controlPlane.server,
      ca: controlPlane.ca,
      userAgent: 'kilofed-test',
      credentials: { get: () => Promise.resolve({ headers: { authorization: `Bearer ${token}` } }), invalidate: () => undefined },
    },
    { clock: systemClock },
  );
}

function impersonation(account: Account | undefined): Record<string, string> {
  if (account === undefined) return {};
  return {
    'impersonate-user': `system:serviceaccount:${account.namespace}:${account.name}`,
    // One group of the several; it has no rights of its own here.
    'impersonate-group': 'system:authenticated',
    ...(account.node === undefined ? {} : { 'impersonate-extra-authentication.kubernetes.io%2fnode-name': account.node }),
  };
}
