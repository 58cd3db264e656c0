import { expect, test } from '@jest/globals';
import { keyOf } from '../test/host/plans.js';
import { checkPeer, endpointNames } from './inputs.js';

const peer = (spec: object): unknown => ({ apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: 'laptop' }, spec });

test('a bad peer is named, with the field, and without its secrets', () => {
  const checked = checkPeer(peer({ allowedIPs: ['10.0.0.1/24'], publicKey: keyOf('x') }));
  expect(checked).toEqual({ ok: false, error: { name: 'laptop', reason: expect.stringMatching(/^spec\.allowedIPs\.0: ./) } });
  expect(JSON.stringify(checkPeer(peer({ allowedIPs: [], publicKey: keyOf('x'), presharedKey: 'sesame' })))).not.toContain('sesame');
});

test('a status is nothing to plan for', () => {
  const written = (version: string, status: object): unknown => ({
    ...(peer({ allowedIPs: [], publicKey: keyOf('x') }) as object),
    metadata: { name: 'laptop', resourceVersion: version },
    status,
  });
  expect(checkPeer(written('2', { conditions: [] }))).toEqual(checkPeer(written('1', {})));
});

test('names among the endpoints, each once', () => {
  const named = (dns: string): ReturnType<typeof checkPeer> =>
    checkPeer(peer({ allowedIPs: [], publicKey: keyOf('x'), endpoint: { dnsOrIP: { dns }, port: 1 } }));
  const peers = ['b.example', 'a.example', 'b.example'].map(named).flatMap((checked) => (checked.ok ? [checked.value] : []));
  expect(endpointNames({ mesh: undefined, node: undefined, meshNodes: [], peers, exported: [] })).toEqual(['a.example', 'b.example']);
});
