/**
 * A member whose API server lies: a fake cluster that also shows objects of any form, says any line in its watches, and answers any
 * request with anything.
 */
import type { FakeCluster } from '../fakeCluster.js';
import type { KubeClient, KubeRequest, KubeResult } from '../../../kube/wire/client.js';

export interface HostileCluster {
  readonly client: KubeClient;
  /** Puts anything into the lists of a resource, and tells its watches of it. */
  show(plural: string, item: unknown): void;
  /** Says a line in the watches of a resource. */
  say(plural: string, line: string): void;
  /** What requests for a resource are answered with from now on. */
  answer(plural: string, value: unknown): void;
  /** The answers are those of a cluster again; the objects stay. */
  behave(): void;
  endWatches(): void;
}

/** @param honest what the hub writes there goes to it, and what makes it be taken for a cluster comes from it */
export function createHostileCluster(honest: FakeCluster): HostileCluster {
  const shown = new Map<string, unknown[]>();
  const answers = new Map<string, unknown>();
  const watches = new Set<{ readonly plural: string; readonly line: (line: string) => void }>();

  return {
    show(plural, item) {
      const before = shown.get(plural);
      if (before === undefined) shown.set(plural, [item]);
      else before.push(item);
      for (const watch of watches) if (watch.plural === plural) watch.line(JSON.stringify({ type: 'ADDED', object: item }));
    },
    say(plural, line) {
      for (const watch of watches) if (watch.plural === plural) watch.line(line);
    },
    answer: (plural, value) => void answers.set(plural, value),
    behave: () => answers.clear(),
    endWatches: () => honest.endWatches(),
    client: {
      server: honest.client.server,
      async call<T>(request: KubeRequest): Promise<KubeResult<T>> {
        const plural = pluralOf(request.path);
        if (answers.has(plural)) {
          await Promise.resolve();
          return { ok: true, value: answers.get(plural) as T };
        }
        const answer = await honest.client.call<T>(request);
        const isList = answer.ok && Array.isArray((answer.value as { readonly items?: unknown } | undefined)?.items);
        if (!isList) return answer;
        const list = answer.value as T & { readonly items: readonly unknown[] };
        return { ok: true, value: { ...list, items: [...list.items, ...(shown.get(plural) ?? [])] } };
      },
      async stream(request, onLine) {
        const watch = { plural: pluralOf(request.path), line: onLine };
        watches.add(watch);
        const end = await honest.client.stream(request, onLine);
        watches.delete(watch);
        return end;
      },
      close: () => honest.client.close(),
    },
  };
}

/** `version` for `/version`. */
function pluralOf(path: string): string {
  const rest = path.split('/').slice(path.startsWith('/api/') ? 3 : 4);
  if (path === '/version') return 'version';
  return (rest[0] === 'namespaces' && rest.length > 2 ? rest[2] : rest[0]) ?? '';
}
