/**
 * The keys that travel in the queues. A key names what is to be looked at; what to do about it is found out by looking.
 */

export type Key =
  /** The Peers of a member. */
  | { readonly kind: 'peers'; readonly source: string }
  /** What stands for an exported Service, `namespace/name`. */
  | { readonly kind: 'service'; readonly service: string }
  /** What the exporter is told about its Service. */
  | { readonly kind: 'export'; readonly service: string };

export function formatKey(key: Key): string {
  return key.kind === 'peers' ? `peers/${key.source}` : `${key.kind}/${key.service}`;
}

/** Undefined: no key of this version's. */
export function parseKey(text: string): Key | undefined {
  const [kind, first, second, ...rest] = text.split('/');
  if (first === undefined || first === '' || rest.length > 0) return undefined;
  if (kind === 'peers' && second === undefined) return { kind, source: first };
  if ((kind === 'service' || kind === 'export') && second !== undefined && second !== '') return { kind, service: `${first}/${second}` };
  return undefined;
}
