/**
 * The keys in the work queues. A key names what to reconcile; the reconcile finds out what to do.
 */

export type Key =
  /** The Peers of a member, and what is imported from it. In the member itself, which has none of its own: what it imports at all. */
  | { readonly kind: 'peers'; readonly source: string }
  /** The mirror of an exported Service, `namespace/name`. */
  | { readonly kind: 'service'; readonly service: string }
  /** The ServiceExport that reports to the exporter. */
  | { readonly kind: 'export'; readonly service: string };

export function formatKey(key: Key): string {
  return key.kind === 'peers' ? `peers/${key.source}` : `${key.kind}/${key.service}`;
}

/** Undefined: not a key of this version. */
export function parseKey(text: string): Key | undefined {
  const [kind, first, second, ...rest] = text.split('/');
  if (first === undefined || first === '' || rest.length > 0) return undefined;
  if (kind === 'peers' && second === undefined) return { kind, source: first };
  if ((kind === 'service' || kind === 'export') && second !== undefined && second !== '') return { kind, service: `${first}/${second}` };
  return undefined;
}
