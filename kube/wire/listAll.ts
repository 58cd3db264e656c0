/**
 * A whole list, page by page, to an end that is bounded whatever the server answers.
 */
import { objectKey } from '../../core/api/resources.js';
import { BOUNDS } from './bounds.js';
import type { KubeClient, KubeFailure, KubeResult } from './client.js';
import { type Found, type Listing, listPage } from './listWatch.js';

export interface Listed {
  readonly version: string;
  /**
   * What of the list is known: `all` of it; only what comes `before` a key in the order of API servers, which is that of keys; or it
   * has objects of which not even the name could be read, so that nothing is missing for sure.
   */
  readonly known: { readonly kind: 'all' } | { readonly kind: 'doubtful' } | { readonly kind: 'before'; readonly key: string };
}

interface ListOptions {
  readonly signal: AbortSignal;
  /** Asked before each page: whether it takes too long. */
  late?(): boolean;
  /** Objects after which to stop. */
  readonly most: number;
  onFound(found: Found, bytes: number): void;
}

const PAGE = 500;
/** Pages that are larger than is read are asked for again with fewer objects. */
const SMALLER = 5;

export async function listAll(client: KubeClient, listing: Listing, options: ListOptions): Promise<KubeResult<Listed>> {
  const { signal, most } = options;
  const tokens = new Set<string>();
  let limit = PAGE;
  let next: string | undefined;
  let found = 0;
  let last = '';
  let doubtful = false;
  const onFound = (each: Found, bytes: number): void => {
    found += 1;
    if (found > most) return;
    const key = each.object === undefined ? each.key : objectKey(each.object.metadata);
    if (key === undefined) doubtful = true;
    else last = key;
    options.onFound(each, bytes);
  };
  const knownOf = (cut: boolean): Listed['known'] => {
    if (doubtful) return { kind: 'doubtful' };
    return cut ? { kind: 'before', key: last } : { kind: 'all' };
  };
  for (let pages = 0; pages < BOUNDS.pages && options.late?.() !== true; pages += 1) {
    const before = found;
    const page = await listPage(client, listing, { limit, next, signal, onFound });
    if (!page.ok && page.error.kind === 'tooLarge' && limit > 1) {
      limit = Math.floor(limit / SMALLER);
      found = before;
      continue;
    }
    if (!page.ok) return page;
    if (signal.aborted) return { ok: false, error: GIVEN_UP };
    const { version } = page.value;
    next = page.value.next;
    if (next === undefined || found > most) return { ok: true, value: { version, known: knownOf(found > most) } };
    if (tokens.has(next)) break;
    tokens.add(next);
  }
  return { ok: false, error: { kind: 'server', message: `the list of ${listing.resource.plural} does not end` } };
}

const GIVEN_UP: KubeFailure = { kind: 'aborted', message: 'the list was given up' };
