/**
 * Secrets of the hub's own namespace that hold a kubeconfig and declare nobody, since they lack the label. They are told of, and nothing
 * in them is looked at.
 */
import { LABEL } from '../../core/api/names.js';
import type { Problem } from '../../core/api/problem.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { firstByName } from '../../core/text/firstByName.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createReflector } from '../../kube/wire/reflector.js';
import type { Source } from './declaration.js';
import { KUBECONFIG_KEY } from './secrets.js';

interface UnlabelledDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Secrets that are named in the problem. */
const NAMED = 5;

/** Declares no member. */
export function unlabelledSecrets(namespace: string, deps: UnlabelledDeps): Source {
  let changed = (): void => undefined;
  const reflector = createReflector<true>(
    {
      client: deps.client,
      resource: RESOURCE.secret,
      namespace,
      labelSelector: `!${LABEL.cluster}`,
      bounds: { objects: 2_000 },
      project: (object) => (holdsKubeconfig(object) ? true : undefined),
      onChange: () => changed(),
    },
    deps,
  );
  return {
    // Whoever is declared, is elsewhere: nobody waits for this.
    read: () => ({ complete: true, declarations: [], problems: problemsOf([...reflector.store.keys()], namespace) }),
    async run(onChange, signal) {
      changed = onChange;
      await reflector.run(signal);
    },
  };
}

function holdsKubeconfig(object: KubeObject): boolean {
  const { data } = object as { readonly data?: unknown };
  return typeof data === 'object' && data !== null && KUBECONFIG_KEY in data;
}

function problemsOf(keys: readonly string[], namespace: string): Problem[] {
  const { kept, leftOut } = firstByName(keys.toSorted(), NAMED, (key) => key);
  const [first] = kept;
  if (first === undefined) return [];
  const more = leftOut === undefined ? '' : `, ${leftOut}`;
  return [
    {
      subject: { kind: 'member' },
      reason: 'NoLabel',
      message: `Secrets hold a kubeconfig and declare nobody, since they lack the label ${LABEL.cluster}: ${kept.join(', ')}${more}`,
      remedy:
        `kubectl -n ${namespace} label secret ${first.slice(first.indexOf('/') + 1)} ${LABEL.cluster}=ID, ` +
        'with the name that the member is to have',
    },
  ];
}
