import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { heldForMs, hubLeaseObject, readHubLease, seenLease, type SeenLease } from './hubLease.js';
import { judgeLease } from './judgeLease.js';

const T0 = '2026-01-01T00:00:00.000000Z';
const T1 = '2026-01-01T00:00:01.000000Z';
const lease = (fields: Partial<SeenLease>): SeenLease => ({
  version: '1',
  federation: 'blue',
  holder: 'blue/a',
  acquired: T0,
  durationMs: 10_000,
  transitions: 0,
  since: 0,
  ...fields,
});
const a = { federation: 'blue', holder: 'blue/a', acquired: undefined };
const b = { ...a, holder: 'blue/b' };

test.each<[string, Parameters<typeof judgeLease>, ReturnType<typeof judgeLease>]>([
  ['there is none', [undefined, a, 0], { kind: 'take' }],
  ['of no federation', [lease({ federation: undefined, holder: undefined }), a, 0], { kind: 'take' }],
  ['released', [lease({ holder: undefined }), b, 0], { kind: 'take' }],
  ['of another hub, fresh', [lease({}), b, 4_000], { kind: 'wait', holder: 'blue/a', ms: 6_000, twin: false }],
  ['of another hub, just before it expires', [lease({}), b, 9_999], { kind: 'wait', holder: 'blue/a', ms: 1, twin: false }],
  ['of another hub, expired', [lease({}), b, 10_000], { kind: 'take' }],
  ['of this pod before its container crashed', [lease({}), a, 0], { kind: 'take' }],
  ['its own, which lapsed', [lease({}), { ...a, acquired: T0 }, 0], { kind: 'take' }],
  [
    'of a later hub of the same name',
    [lease({ acquired: T1 }), { ...a, acquired: T0 }, 1],
    { kind: 'wait', holder: 'blue/a', ms: 9_999, twin: true },
  ],
  ['of another federation, held', [lease({ federation: 'red', holder: 'red/a' }), a, 0], { kind: 'foreign', federation: 'red' }],
  ['of another federation, expired', [lease({ federation: 'red', holder: 'red/a' }), a, 99_000], { kind: 'foreign', federation: 'red' }],
  ['of another federation, released', [lease({ federation: 'red', holder: undefined }), a, 0], { kind: 'foreign', federation: 'red' }],
])('I2, S47: a Lease %s', (_what, given, verdict) => {
  expect(judgeLease(...given)).toEqual(verdict);
});

describe('what is read of a Lease', () => {
  const object = (spec: unknown, annotations?: unknown): unknown => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'kilofed-hub', namespace: 'kilofed', resourceVersion: '7', ...(annotations !== undefined && { annotations }) },
    spec,
  });

  test('is what was written', () => {
    const content = {
      namespace: 'kilofed',
      name: 'kilofed-hub',
      version: '7',
      federation: 'blue',
      holder: 'blue/a',
      acquired: T0,
      renewed: T1,
      transitions: 3,
    };
    expect(readHubLease(hubLeaseObject(content))).toEqual({
      ok: true,
      value: { version: '7', federation: 'blue', holder: 'blue/a', acquired: T0, durationMs: 8_000, transitions: 3 },
    });
  });

  test.each([
    ['nothing in it', {}, {}, { holder: undefined, federation: undefined, durationMs: 8_000 }],
    ['let go', { holderIdentity: '' }, { 'kilofed.io/federation': '' }, { holder: undefined, federation: undefined }],
    ['for ever', { holderIdentity: 'x', leaseDurationSeconds: 2 ** 31 }, {}, { holder: 'x', durationMs: 60_000 }],
    ['for no time', { holderIdentity: 'x', leaseDurationSeconds: -1 }, {}, { holder: 'x', durationMs: 1_000 }],
  ])('%s', (_what, spec, annotations, expected) => {
    expect(readHubLease(object(spec, annotations))).toMatchObject({ ok: true, value: expected });
  });

  test('an answer of any form is read, or told what is wrong', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (spec, annotations) => {
        expect(typeof readHubLease(object(spec, annotations)).ok).toBe('boolean');
      }),
    );
  });
});

test('S47: whoever waits counts from the last change that it saw, whatever the times in the Lease say', () => {
  const changes = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 9_999 }), acquired: fc.constantFrom(T0, T1) }), { minLength: 1 });
  fc.assert(
    fc.property(changes, (all) => {
      let now = 0;
      let seen: SeenLease | undefined;
      for (const [index, { afterMs, acquired }] of all.entries()) {
        now += afterMs;
        // Looked at twice as it is: only the change counts.
        for (const later of [0, 1]) seen = seenLease(lease({ version: String(index), acquired }), seen, now + later);
        expect(seen?.since).toBe(now);
        expect(heldForMs(seen ?? lease({}), now + 9_999)).toBe(1);
        expect(heldForMs(seen ?? lease({}), now + 10_000)).toBe(0);
      }
    }),
  );
});
