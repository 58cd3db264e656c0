import { describe, expect, test } from '@jest/globals';
import type { KubeClient } from '../../kube/wire/client.js';
import { createHandClock, SILENT } from '../../test/host/handClock.js';
import { createCredentials } from './credentials.js';
import type { Connect, Connected, Declaration, Place } from './declaration.js';

const SECRET: Place = { kind: 'secret', namespace: 'kilofed', name: 'east', uid: 'u', resourceVersion: '1' };
const client = { server: 'https://east', close: () => undefined } as unknown as KubeClient;

function declared(text: string, place: Place = SECRET): Declaration {
  return {
    id: 'east',
    origin: 'secret kilofed/east',
    content: { ok: true, value: text },
    place,
    terms: {},
    termsPlace: 'secret kilofed/east',
  };
}

/** Credentials whose kubeconfigs are what `connect` makes of them, and how often it was asked. */
function credentials(connect: Connect) {
  const asked: string[] = [];
  const made = createCredentials({
    clock: createHandClock(),
    log: SILENT,
    verify: () => Promise.resolve(undefined),
    suspect: () => undefined,
    isStranger: () => false,
    connect(text, place) {
      asked.push(text);
      return connect(text, place);
    },
  });
  return { made, asked };
}

const good =
  (more: Partial<Connected> = {}): Connect =>
  () => ({ ok: true, value: { client, ...more } });

test('M2: what a kubeconfig throws is a problem of its member, and is not quoted', () => {
  const { made } = credentials(() => {
    throw new Error('token: hunter2');
  });
  expect(made.declare(declared('x'))).toBe(true);
  expect(made.client()).toBeUndefined();
  expect(made.unusable()).toMatch(/^secret kilofed\/east: the kubeconfig cannot be read: write a plain one/);
  expect(made.unusable()).not.toContain('hunter2');
});

test('M2: what was looked at once is not looked at again, whether it is good or bad', () => {
  for (const connect of [good(), () => ({ ok: false, error: 'bad' }) as const]) {
    const { made, asked } = credentials(connect);
    expect([1, 2, 3].map(() => made.declare(declared('x')))).toEqual([true, false, false]);
    expect(asked).toEqual(['x']);
  }
});

test('H4: the same text with other rights is another kubeconfig', () => {
  const { made, asked } = credentials(good());
  const places: Place[] = [
    SECRET,
    { ...SECRET, resourceVersion: '2' },
    { kind: 'file', path: '/a/east' },
    { kind: 'file', path: '/b/east' },
    SECRET,
  ];
  expect(places.map((place) => made.declare(declared('x', place)))).toEqual([true, false, true, true, true]);
  expect(asked).toHaveLength(4);
  expect(made.inUse()?.place).toEqual(SECRET);
});

describe('H4: an API server that is not verified', () => {
  test('is a problem, as long as it is so', () => {
    let insecure = true;
    const { made } = credentials(() => ({ ok: true, value: { client, insecure } }));
    made.declare(declared('x'));
    expect(made.problems()).toEqual([
      {
        subject: { kind: 'member' },
        reason: 'InsecureTls',
        message: expect.stringContaining('insecure-skip-tls-verify'),
        remedy: expect.stringContaining('certificate-authority-data'),
      },
    ]);
    insecure = false;
    made.declare(declared('y'));
    expect(made.problems()).toEqual([]);
  });
});
