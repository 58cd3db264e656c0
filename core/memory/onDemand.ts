/** What `find` finds, found when it is asked for, and once. */
export function onDemand<T>(find: () => T): () => T {
  let known: { readonly found: T } | undefined;
  return () => (known ??= { found: find() }).found;
}
