import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ANNOTATION } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { type Hold, withReadiness } from './readiness.js';

interface Conditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

interface SliceObject extends KubeObject {
  readonly endpoints: readonly { readonly addresses: readonly string[]; readonly conditions?: Conditions; readonly zone?: string }[];
}

const [ONE, TWO, THREE] = ['10.1.0.1', '10.1.0.2', 'fd00::3'] as const;

function sliceOf(conditions: Readonly<Record<string, Conditions | undefined>>): SliceObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web', namespace: 'demo', annotations: { 'kilofed.io/source': 'demo/web' } },
    endpoints: Object.entries(conditions).map(([address, each]) => ({
      addresses: [address],
      ...(each !== undefined && { conditions: each }),
    })),
  };
}

const only =
  (...addresses: readonly string[]) =>
  (address: string): boolean =>
    addresses.includes(address);
const conditionsOf = (slice: SliceObject): unknown[] => slice.endpoints.map((endpoint) => endpoint.conditions);
const NOT_READY = { ready: false, serving: false };

test.each<[said: Conditions, withheld: Conditions]>([
  [
    { ready: true, serving: true, terminating: false },
    { ...NOT_READY, terminating: false },
  ],
  [
    { ready: false, serving: true, terminating: true },
    { ...NOT_READY, terminating: true },
  ],
  [{ ready: false, serving: false }, NOT_READY],
  [{ ready: true }, NOT_READY],
  [{}, NOT_READY],
])('%j is withheld, and given back', (said, withheld) => {
  const source = sliceOf({ [ONE]: said, [TWO]: { ready: true } });
  const cut = withReadiness(source, only(ONE));
  expect(conditionsOf(cut)).toEqual([withheld, { ready: true }]);
  expect(withReadiness(cut, only(ONE))).toBe(cut);
  expect(withReadiness(cut, only())).toEqual(source);
});

test.each<[Conditions]>([[{ ready: true, serving: true, terminating: false }], [{ ready: true }], [{}]])(
  '%j stands by as what serves until it ends, is held back, and is given back',
  (said) => {
    const source = sliceOf({ [ONE]: said, [TWO]: { ready: true } });
    const standing = withReadiness(source, (address) => address === ONE && 'standby');
    expect(conditionsOf(standing)).toEqual([{ ready: false, serving: true, terminating: true }, { ready: true }]);
    expect(withReadiness(standing, (address) => address === ONE && 'standby')).toBe(standing);
    expect(withReadiness(standing, only(ONE))).toEqual(withReadiness(source, only(ONE)));
    expect(withReadiness(standing, only())).toEqual(source);
  },
);

test('what is to be given back is told to people, grouped', () => {
  const ready = { ready: true, serving: true };
  const cut = withReadiness(
    sliceOf({ [ONE]: ready, [TWO]: { ready: false, serving: true, terminating: true }, [THREE]: ready }),
    () => true,
  );
  expect(cut.metadata.annotations).toEqual({
    'kilofed.io/source': 'demo/web',
    [ANNOTATION.withheld]: '{"ready=false serving=true":["10.1.0.2"],"ready=true serving=true":["10.1.0.1","fd00::3"]}',
  });
});

test('what stands by is told as such, with all that its exporter says', () => {
  const source = sliceOf({ [ONE]: { ready: true, serving: true, terminating: false }, [TWO]: { ready: true, serving: true } });
  const standing = withReadiness(source, (address) => (address === ONE ? 'standby' : true));
  expect(standing.metadata.annotations?.[ANNOTATION.withheld]).toBe(
    '{"ready=true serving=true":["10.1.0.2"],"standby ready=true serving=true terminating=false":["10.1.0.1"]}',
  );
});

test('a slice of which nothing is cut off is the same object', () => {
  const slice = sliceOf({ [ONE]: { ready: true }, [TWO]: undefined });
  expect(withReadiness(slice, only(THREE))).toBe(slice);
});

test.each([['{'], ['null'], ['7'], ['[]'], ['{"ready=true":7}'], ['{"ready=true":[7]}'], [''], ['{"__proto__":["10.1.0.1"]}']])(
  'a note that cannot be read gives nothing back: %s',
  (note) => {
    const slice = sliceOf({ [ONE]: NOT_READY });
    const spoilt = {
      ...slice,
      metadata: { ...slice.metadata, annotations: { ...slice.metadata.annotations, [ANNOTATION.withheld]: note } },
    };
    expect(withReadiness(spoilt, only())).toEqual(slice);
  },
);

test('what is ready is not made unready by an old note', () => {
  const slice = sliceOf({ [ONE]: { ready: true, serving: true }, [TWO]: { ready: false, serving: true, terminating: true } });
  const note = JSON.stringify({ 'ready=false': [ONE], 'ready=true serving=true': [TWO] });
  const noted = { ...slice, metadata: { ...slice.metadata, annotations: { ...slice.metadata.annotations, [ANNOTATION.withheld]: note } } };
  expect(withReadiness(noted, only())).toEqual(slice);
});

const said = fc.option(fc.record({ ready: fc.boolean(), serving: fc.boolean(), terminating: fc.boolean() }, { requiredKeys: [] }), {
  nil: {},
});
const hold = fc.constantFrom<Hold>(true, false, 'standby');
const addresses = fc.uniqueArray(fc.ipV4(), { maxLength: 8 });

test('after any course of links, a slice is as if only the last had been', () => {
  fc.assert(
    fc.property(
      addresses.chain((all) =>
        fc.record({
          conditions: fc
            .tuple(...all.map((address) => said.map((each) => [address, each] as const)))
            .map((each) => Object.fromEntries(each)),
          holds: fc.array(fc.dictionary(fc.constantFrom('', ...all), hold), { minLength: 1, maxLength: 5 }),
        }),
      ),
      ({ conditions, holds }) => {
        const source = sliceOf(conditions);
        const held =
          (each: Readonly<Record<string, Hold>> = {}) =>
          (address: string): Hold =>
            each[address] ?? false;
        const last = held(holds.at(-1));
        // What stands has been written and read in between.
        const end = holds.reduce((slice, each) => JSON.parse(JSON.stringify(withReadiness(slice, held(each)))) as SliceObject, source);
        expect(end).toEqual(withReadiness(source, last));
        expect(withReadiness(end, last)).toBe(end);
        expect(withReadiness(end, only())).toEqual(source);
      },
    ),
  );
});
