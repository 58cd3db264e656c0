/**
 * The EndpointSlices of one exported Service as far as they are mirrored: so many slices, and so many addresses in them. Who asks for
 * them does so for each importing member and for the status, so the answer is kept until it changes.
 */
import type { Problem } from '../../core/api/problem.js';
import { BOUND } from '../../core/services/bounds.js';
import type { SliceEndpoint, SliceRecord } from '../../core/services/model.js';
import { firstByName } from '../../core/text/firstByName.js';
import { createPlaces } from './places.js';

export interface Mirrorable {
  /** A slice that is new, or has changed. */
  put(key: string, record: SliceRecord): void;
  drop(key: string): void;
  view(): MirrorableView;
}

interface MirrorableView {
  /** By key. */
  readonly slices: readonly SliceRecord[];
  readonly endpoints: number;
  readonly ready: number;
  readonly problems: readonly Problem[];
}

/** `service` is `namespace/name`. */
export function createMirrorable(service: string): Mirrorable {
  const records = new Map<string, SliceRecord>();
  const places = createPlaces({ all: BOUND.slices, group: BOUND.slices });
  let view: MirrorableView | undefined;

  function gather(): MirrorableView {
    const subject = { kind: 'service', name: service } as const;
    const problems: Problem[] = [];
    const waiting = places.leftOut();
    if (waiting !== undefined) {
      const message = `it has more than ${BOUND.slices} EndpointSlices, so these are not mirrored: ${waiting}`;
      problems.push({ subject, reason: 'TooManyEndpointSlices', message });
    }
    const found = [...places.taken].toSorted().flatMap((key) => records.get(key) ?? []);
    const { slices, cut } = withinBound(found);
    if (cut.length > 0) {
      const { leftOut = '' } = firstByName(cut, 0, ({ namespace, name }) => `${namespace}/${name}`);
      const much = `it has more than ${BOUND.endpointAddresses} addresses of endpoints`;
      const message = `${much}, so some of these slices are not mirrored: ${leftOut}`;
      problems.push({ subject, reason: 'TooManyEndpoints', message });
    }
    const endpoints = slices.flatMap((slice) => slice.endpoints);
    return { slices, endpoints: endpoints.length, ready: endpoints.filter(({ ready }) => ready !== false).length, problems };
  }

  return {
    put(key, record) {
      view = undefined;
      if (!records.has(key)) places.ask(key, service);
      records.set(key, record);
    },
    drop(key) {
      view = undefined;
      if (records.delete(key)) places.leave(key);
    },
    view: () => (view ??= gather()),
  };
}

/** The first endpoints that have so many addresses, and the slices that have others. */
function withinBound(slices: readonly SliceRecord[]): { readonly slices: readonly SliceRecord[]; readonly cut: readonly SliceRecord[] } {
  let used = 0;
  /** Once one does not, none does. */
  const fits = ({ addresses }: SliceEndpoint): boolean => {
    used += addresses.length;
    return used <= BOUND.endpointAddresses;
  };
  const cut: SliceRecord[] = [];
  const whole = slices.map((slice) => {
    const endpoints = slice.endpoints.filter(fits);
    if (endpoints.length === slice.endpoints.length) return slice;
    cut.push(slice);
    return { ...slice, endpoints };
  });
  return { slices: whole, cut };
}
