/**
 * The EndpointSlices of a member that nobody needs yet, as text and within bounds, so that a Service that is exported later can be
 * mirrored at once: what is remembered is what would be known if its slices had been followed all along.
 *
 * What was heard of longest ago is forgotten first, a whole Service at a time. Of a Service of which anything was forgotten, nothing is
 * said any more: its slices have to be fetched.
 */
import { MCS_LABEL } from '../../core/api/names.js';
import type { SliceRecord } from '../../core/services/model.js';
import { changedAt } from './changedAt.js';

type Named<T> = readonly [key: string, value: T];

/** What was passed over as the API server answered it, or was read already. */
type PassedSlice = { readonly kind: 'object'; readonly object: unknown } | { readonly kind: 'record'; readonly record: SliceRecord };

export interface PassedSlices {
  /** An EndpointSlice as the API server answered it. Undefined: it is gone, or is followed. */
  set(key: string, object: unknown): void;
  /** Slices of a Service that is not followed any more. Undefined: not all of them are known. */
  put(service: string, records: readonly Named<SliceRecord>[] | undefined): void;
  /** All slices of a Service, which from now on is followed. Undefined: it is not known whether there are others. */
  take(service: string): readonly Named<PassedSlice>[] | undefined;
}

/** Characters of text of one member: some 5 000 slices of three endpoints. */
const MOST_CHARACTERS = 4 << 20;
/** Services of which something was forgotten: more than a member may have. */
const MOST_FORGOTTEN = 20_000;

export function createPassedSlices(mostCharacters = MOST_CHARACTERS): PassedSlices {
  /** By Service, the one that was heard of last comes last; then by key. */
  const known = new Map<string, Map<string, string>>();
  const serviceOf = new Map<string, string>();
  const forgotten = new Set<string>();
  let characters = 0;
  /** Too many were forgotten to remember which: what is not known may be one of them. */
  let blind = false;

  function drop(key: string): void {
    const service = serviceOf.get(key);
    const slices = service === undefined ? undefined : known.get(service);
    if (service === undefined || slices === undefined) return;
    serviceOf.delete(key);
    characters -= slices.get(key)?.length ?? 0;
    slices.delete(key);
    if (slices.size === 0) known.delete(service);
  }

  function dropAll(service: string): void {
    for (const key of known.get(service)?.keys() ?? []) drop(key);
  }

  function forget(service: string): void {
    dropAll(service);
    if (blind) return;
    forgotten.add(service);
    if (forgotten.size <= MOST_FORGOTTEN) return;
    blind = true;
    forgotten.clear();
  }

  function keep(service: string, slices: readonly Named<string>[]): void {
    const group = known.get(service) ?? new Map<string, string>();
    known.delete(service);
    known.set(service, group);
    for (const [key, text] of slices) {
      group.set(key, text);
      serviceOf.set(key, service);
      characters += text.length;
    }
    for (const each of known.keys()) {
      if (characters <= mostCharacters) return;
      forget(each);
    }
  }

  return {
    set(key, object) {
      const before = serviceOf.get(key);
      drop(key);
      const service = serviceIn(object);
      if (service === undefined || forgotten.has(service)) return;
      // Whether this is all of it cannot be known of what was never heard of before.
      if (blind && !known.has(service) && before !== service) return;
      keep(service, [[key, JSON.stringify(bare(object))]]);
    },
    put(service, records) {
      if (records === undefined) return forget(service);
      forgotten.delete(service);
      const texts = records.map(([key, record]) => [key, `${RECORD}${JSON.stringify(record)}`] as const);
      return texts.length === 0 ? undefined : keep(service, texts);
    },
    take(service) {
      const slices = known.get(service);
      const missing = forgotten.has(service) || (blind && slices === undefined);
      const found = [...(slices ?? [])].map(([key, text]) => [key, passed(text)] as const);
      forget(service);
      return missing ? undefined : found;
    },
  };
}

/** Begins the text of what was read already. No JSON does. */
const RECORD = '#';

function passed(text: string): PassedSlice {
  return text.startsWith(RECORD)
    ? { kind: 'record', record: JSON.parse(text.slice(RECORD.length)) as SliceRecord }
    : { kind: 'object', object: JSON.parse(text) };
}

/** `namespace/name` of the Service that kube-proxy adds a slice to. */
function serviceIn(object: unknown): string | undefined {
  const { namespace, labels } = fieldsOf(fieldsOf(object)['metadata']);
  const service = fieldsOf(labels)[MCS_LABEL.kubeServiceName];
  return typeof namespace === 'string' && typeof service === 'string' ? `${namespace}/${service}` : undefined;
}

/** Without what is long, and of no use to anybody else. Of who wrote it is left when that was. */
function bare(object: unknown): unknown {
  const { endpoints, metadata, ...rest } = fieldsOf(object);
  const { managedFields: _managedFields, annotations: _annotations, ownerReferences: _ownerReferences, ...meta } = fieldsOf(metadata);
  const at = changedAt(object);
  return {
    ...rest,
    metadata: { ...meta, ...(at !== undefined && { managedFields: [{ time: new Date(at).toISOString() }] }) },
    endpoints: Array.isArray(endpoints) ? endpoints.map(withoutReference) : endpoints,
  };
}

/** What is no endpoint is left as it is: whoever reads it says what is wrong. */
function withoutReference(endpoint: unknown): unknown {
  if (typeof endpoint !== 'object' || endpoint === null || Array.isArray(endpoint)) return endpoint;
  const { targetRef: _targetRef, ...rest } = endpoint as Readonly<Record<string, unknown>>;
  return rest;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
