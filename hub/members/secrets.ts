/**
 * Members declared as Secrets of the hub's own namespace: labelled `kilofed.io/cluster=<id>`, the kubeconfig under the key
 * `kubeconfig`.
 */
import { LABEL } from '../../core/api/names.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createReflector } from '../../kube/wire/reflector.js';
import { badId, type Declaration, isMemberId, type Source } from './declaration.js';

const KEY = 'kubeconfig';

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface LabelledSecret {
  readonly id: string;
  readonly origin: string;
  readonly content: Declaration['content'];
}

export interface SecretsDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function secretSource(namespace: string, deps: SecretsDeps): Source {
  let listed = false;
  let tell = (): void => undefined;
  const reflector = createReflector<LabelledSecret>({
    client: deps.client,
    resource: RESOURCE.secret,
    namespace,
    labelSelector: LABEL.cluster,
    project,
    onChange() {
      if (listed) tell();
    },
    onSynced() {
      listed = true;
      tell();
    },
    onState({ kind, failure }) {
      if (kind === 'failing') deps.log.warn('cannot read the Secrets that declare members', { namespace, reason: failure?.message });
    },
  }, deps);
  return {
    read() {
      const secrets = [...reflector.store.values()].toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
      return {
        complete: reflector.synced(),
        declarations: secrets.filter(({ id }) => isMemberId(id)),
        problems: secrets.filter(({ id }) => !isMemberId(id)).map(({ id, origin }) => badId(id, origin)),
      };
    },
    async run(changed, signal) {
      tell = changed;
      await reflector.run(signal);
    },
  };
}

function project(object: KubeObject): LabelledSecret {
  const { name, namespace, labels } = object.metadata;
  const encoded = (object as Secret).data?.[KEY];
  return {
    id: labels?.[LABEL.cluster] ?? '',
    origin: `secret ${namespace}/${name}`,
    content: encoded === undefined
      ? { ok: false, error: `has no key "${KEY}": put the kubeconfig there` }
      : { ok: true, kubeconfig: Buffer.from(encoded, 'base64').toString('utf8') },
  };
}
