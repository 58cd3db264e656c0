/**
 * How much of an answer is read, whatever an API server sends: no more is held of it, parsed at a time, or followed.
 *
 * An object in etcd has 1.5 MiB at most, unless somebody has raised its limit.
 */
export const BOUNDS = {
  /** Bytes of one object as JSON: of a line of a watch, an item of a list, an answer. */
  objectBytes: 2 << 20,
  /** Values in it: a hundred thousand take some 100 ms to parse where each has a key of its own. */
  objectValues: 100_000,
  /** How deep it may nest: what looks at an object calls itself as deep. */
  depth: 64,
  /** Bytes that are kept of an object that is not read, to know whose it is. */
  headBytes: 4096,
  /** Bytes of a refusal. */
  refusalBytes: 256 << 10,
  /** Bytes of one page of a list. Its items are handed over one by one, so they are never held together. */
  pageBytes: 32 << 20,
  /** Bytes that all requests of one client hold together while they wait for the rest of an object. */
  heldBytes: 16 << 20,
  /** Code units of a message that a server sends. */
  message: 1_000,
  /** Code units of a resource version, and of the token of the next page. */
  version: 128,
  token: 8192,
  /** Pages and milliseconds of one list. Tokens of pages are good for five minutes. */
  pages: 1_000,
  listMs: 300_000,
} as const;
