/**
 * What an API server does not keep of an object that it takes: a field that it does not know yet, as one of an older version, or that
 * the definition of the resource there does not have. To write it again would change nothing.
 */
import { ANNOTATION } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';

export interface Curtailed {
  /** Whether `observed` is what the API server made of `desired`, when it was written last under this key. */
  has(key: string, desired: KubeObject, observed: KubeObject): boolean;
  /** What it made of it, where that is less. */
  note(key: string, desired: KubeObject, answer: KubeObject): void;
  forget(key: string): void;
}

export function createCurtailed(): Curtailed {
  const known = new Map<string, { readonly desired: string; readonly version: string }>();
  return {
    has(key, desired, { metadata }) {
      const found = known.get(key);
      return found !== undefined && found.version === metadata.resourceVersion && found.desired === contentOf(desired);
    },
    note(key, desired, { metadata: { resourceVersion } }) {
      if (resourceVersion !== undefined) known.set(key, { desired: contentOf(desired), version: resourceVersion });
    },
    forget: (key) => void known.delete(key),
  };
}

function contentOf(desired: KubeObject): string {
  return desired.metadata.annotations?.[ANNOTATION.hash] ?? JSON.stringify(desired);
}
