/**
 * A client of a member, from a kubeconfig and with the rights of the place where it stands.
 */
import { dirname } from 'node:path';
import { VERSION } from '../core/api/version.js';
import type { Result } from '../core/runtime/result.js';
import { type Environment, programEnvironment } from '../kube/config/execCredentials.js';
import { INLINE_ONLY, type KubeconfigRights, OF_THIS_MACHINE } from '../kube/config/fields.js';
import { loadKubeconfig } from '../kube/config/kubeconfig.js';
import type { ConnectionOptions, KubeClient } from '../kube/wire/client.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { systemClock } from '../kube/wire/systemClock.js';
import type { Connected, Place } from './members/declaration.js';

interface ConnectOptions {
  /** What kubeconfigs in Secrets may do besides holding data. */
  readonly ofSecrets: Pick<KubeconfigRights, 'programs' | 'insecureTls'>;
  /** The hub's own. */
  readonly environment: Environment;
}

/** That an API server is gone is seen within three seconds. */
const ASK_EVERY_MS = 1_000;
const USER_AGENT = `kilofed-hub/${VERSION}`;

export function connectMember(kubeconfig: string, place: Place, { ofSecrets, environment }: ConnectOptions): Result<Connected> {
  const loaded = loadKubeconfig(kubeconfig, {
    now: () => systemClock.now(),
    environment: programEnvironment(environment),
    ...(place.kind === 'file' ? { rights: OF_THIS_MACHINE, directory: dirname(place.path) } : { rights: { ...INLINE_ONLY, ...ofSecrets } }),
  });
  if (!loaded.ok) return loaded;
  const { lifetime, insecureSkipVerify } = loaded.value;
  return {
    ok: true,
    value: {
      client: createHubClient(loaded.value),
      ...(insecureSkipVerify === true && { insecure: true }),
      ...(lifetime !== undefined && { lifetime }),
    },
  };
}

export function createHubClient(connection: Omit<ConnectionOptions, 'userAgent'>): KubeClient {
  return createKubeClient({ ...connection, userAgent: USER_AGENT, askEveryMs: ASK_EVERY_MS }, { clock: systemClock });
}
