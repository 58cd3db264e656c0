/**
 * The addresses of the API server: those that the agent connects to; and, since a pod is given a ClusterIP, those behind it, which are the
 * endpoints of the Service `default/kubernetes` where the agent may read them.
 */
import { RESOURCE, type KubeObject } from '../core/api/resources.js';
import { addressOf } from '../core/net/cidr.js';
import type { Clock } from '../core/runtime/clock.js';
import { pause } from '../core/runtime/pause.js';
import { getObject } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';

interface ApiServers {
  /** Sorted. */
  addresses(): readonly string[];
  run(signal: AbortSignal): Promise<void>;
}

interface ApiServersDeps {
  readonly client: KubeClient | undefined;
  readonly clock: Clock;
  readonly lookup: (name: string) => Promise<readonly string[]>;
  /** The addresses have changed. */
  onChange(): void;
}

/** A name server may give only some of its answers each time. */
const HOLD_MS = 3_600_000;
const REFRESH_MS = 60_000;
const ANSWER_MS = 10_000;

/** `saved`: those that an earlier process knew; they count until they expire. */
export function createApiServers({ client, clock, lookup, onChange }: ApiServersDeps, saved: readonly string[]): ApiServers {
  const host = client === undefined ? '' : new URL(client.server).hostname.replace(/^\[|\]$/g, '');
  const fixed = addressOf(host);
  const until = new Map(saved.map((address) => [address, clock.now() + HOLD_MS]));

  function addresses(): readonly string[] {
    const now = clock.now();
    for (const [address, end] of until) if (end <= now) until.delete(address);
    return [...new Set([...(fixed === undefined ? [] : [fixed]), ...until.keys()])].toSorted();
  }

  async function named(): Promise<readonly string[]> {
    return fixed === undefined && host !== '' ? lookup(host).catch(() => []) : [];
  }

  async function behind(): Promise<readonly string[]> {
    if (client === undefined) return [];
    const answer = await getObject<Slice>(client, { resource: RESOURCE.endpointSlice, namespace: 'default', name: 'kubernetes' });
    return answer.ok ? (answer.value.endpoints ?? []).flatMap((each) => each.addresses) : [];
  }

  return {
    addresses,
    async run(signal) {
      if (client === undefined) return;
      while (!signal.aborted) {
        const before = addresses().join();
        for (const asked of [named(), behind()]) {
          const found = await Promise.race([asked, pause(ANSWER_MS, signal, clock)]);
          for (const text of found ?? []) {
            const address = addressOf(text);
            if (address !== undefined) until.set(address, clock.now() + HOLD_MS);
          }
        }
        if (addresses().join() !== before) onChange();
        await pause(REFRESH_MS, signal, clock);
      }
    },
  };
}

interface Slice extends KubeObject {
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[] | null;
}
