/**
 * Members declared as Secrets of the hub's own namespace: labelled `kilofed.io/cluster=<id>`, the kubeconfig under the key
 * `kubeconfig`, the member's terms in annotations.
 *
 * Whoever may write one Secret there is not trusted: whatever stands in it is a problem of the member that it declares, and of no other.
 */
import type { Problem } from '../../core/api/problem.js';
import { FIELD_MANAGER, LABEL } from '../../core/api/names.js';
import { type KubeObject, RESOURCE, resourcePath } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createReflector } from '../../kube/wire/reflector.js';
import { badId, type Declaration, isMemberId, type Place, type Source } from './declaration.js';
import type { ReplaceKubeconfig } from './renewal.js';
import { readTerms, type TermsRead } from './terms.js';

/** Of a Secret's data. */
export const KUBECONFIG_KEY = 'kubeconfig';
/** Bytes of a kubeconfig in a Secret: one with embedded certificates has about 6,000. */
const SIZE_LIMIT = 64 * 1024;

interface LabelledSecret {
  readonly id: string;
  readonly origin: string;
  readonly place: Place;
  readonly content: Declaration['content'];
  readonly read: TermsRead;
}

interface SecretsDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Secrets, and bytes of those with a kubeconfig. Those that are there stay; there is no room for more. */
const MOST = { objects: 2_000, whole: { bytes: 32 << 20, is: ({ content }: LabelledSecret) => content.ok } };
/** Each change has all of them looked at, so changes that come together are one. Milliseconds. */
const SETTLE_MS = 100;

export function secretSource(namespace: string, deps: SecretsDeps): Source {
  let listed = false;
  let cancel: (() => void) | undefined;
  let changed = (): void => undefined;

  function tell(): void {
    cancel ??= deps.clock.after(SETTLE_MS, () => {
      cancel = undefined;
      changed();
    });
  }

  const reflector = createReflector<LabelledSecret>(
    {
      client: deps.client,
      resource: RESOURCE.secret,
      namespace,
      labelSelector: LABEL.cluster,
      bounds: MOST,
      project: (object) => project(namespace, object),
      onChange() {
        if (listed) tell();
      },
      onSynced() {
        listed = true;
        tell();
      },
      onState({ kind, failure }) {
        if (kind === 'failing') deps.log.warn('Cannot read the Secrets that declare members', { namespace, reason: failure?.message });
      },
    },
    deps,
  );
  return {
    read() {
      const { full, nameless, unread } = reflector.leftOut();
      const secrets = [...reflector.store.values()].toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
      return {
        complete: reflector.synced(),
        partial: full || nameless > 0 || unread.length > 0,
        declarations: secrets
          .filter(({ id }) => isMemberId(id))
          .map(({ id, origin, place, content, read }) => ({ id, origin, place, content, terms: read.terms, termsPlace: origin })),
        problems: [
          ...(full ? [TOO_MANY] : []),
          ...secrets.flatMap(({ id, origin, read }) => (isMemberId(id) ? read.problems : [badId(id, origin)])),
        ],
      };
    },
    async run(onChange, signal) {
      changed = onChange;
      await reflector.run(signal);
      cancel?.();
    },
  };
}

const TOO_MANY: Problem = {
  subject: { kind: 'member' },
  reason: 'TooManyMembers',
  message: `there are more than ${MOST.objects} Secrets, or 32 MiB of them, that declare members; the last ones, by name, are left out`,
  remedy: 'delete those that declare no member',
};

/** Replaces the kubeconfig of a Secret, and nothing else of it. The API server refuses it if the Secret is not the one that was read. */
export function secretWriter(client: KubeClient): ReplaceKubeconfig {
  return ({ namespace, name, uid, resourceVersion }, kubeconfig, signal) =>
    client.call({
      method: 'PATCH',
      path: resourcePath(RESOURCE.secret, namespace, name),
      query: { fieldManager: FIELD_MANAGER.hub },
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid, resourceVersion }, data: { [KUBECONFIG_KEY]: Buffer.from(kubeconfig).toString('base64') } },
      signal,
    });
}

function project(namespace: string, object: KubeObject): LabelledSecret {
  const { name, uid = '', resourceVersion = '', creationTimestamp, labels, annotations } = object.metadata;
  const id = textsOf(labels)[LABEL.cluster] ?? '';
  const origin = `secret ${namespace}/${name}`;
  return {
    id,
    origin,
    place: {
      kind: 'secret',
      namespace,
      name,
      uid,
      resourceVersion,
      ...(creationTimestamp !== undefined && { created: creationTimestamp }),
    },
    read: readTerms(textsOf(annotations), { id, origin, labels: textsOf(labels) }),
    content: contentOf((object as { readonly data?: unknown }).data),
  };
}

function contentOf(data: unknown): Declaration['content'] {
  const encoded = textsOf(data)[KUBECONFIG_KEY];
  if (encoded === undefined) return { ok: false, error: `has no key "${KUBECONFIG_KEY}": put the kubeconfig there` };
  const decoded = encoded.length > SIZE_LIMIT * 2 ? undefined : Buffer.from(encoded, 'base64');
  return decoded === undefined || decoded.length > SIZE_LIMIT
    ? { ok: false, error: `its key "${KUBECONFIG_KEY}" is larger than ${SIZE_LIMIT} bytes: leave only one context in it` }
    : { ok: true, value: decoded.toString('utf8') };
}

/** The entries of a map that are text. */
function textsOf(map: unknown): Readonly<Record<string, string>> {
  if (typeof map !== 'object' || map === null) return {};
  return Object.fromEntries(Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
