import { describe, expect, test } from '@jest/globals';
import type { MeshNode, ObservedEndpoint } from '../api/meshNode.js';
import { endpointsToPublish } from './endpointsToPublish.js';

describe('an observed endpoint is published', () => {
  const FAR: ObservedEndpoint = { publicKey: 'KEY', plane: 0, host: '203.0.113.9', port: 41820 };
  const publisher = (name: string, more: Partial<MeshNode['metadata']> = {}, port = 41820): MeshNode =>
    ({ metadata: { name, ...more }, spec: { observedEndpoints: [{ ...FAR, port }] } }) as unknown as MeshNode;
  test.each<[string, readonly MeshNode[], boolean]>([
    ['where nobody else does', [], true],
    ['where one other does', [publisher('a')], true],
    ['not where two others do', [publisher('y'), publisher('z')], false],
    ['where two others publish another one', [publisher('a', {}, 1), publisher('b', {}, 1)], true],
    ['where one of two others is being deleted', [publisher('a'), publisher('b', { deletionTimestamp: 'now' })], true],
    ['still, where this node was among the first two by name', [publisher('a'), publisher('m'), publisher('z')], true],
    ['no more, where it was the third', [publisher('a'), publisher('b'), publisher('m')], false],
  ])('%s', (_what, nodes, expected) => {
    expect(endpointsToPublish([FAR], 'm', nodes)).toEqual(expected ? [FAR] : []);
  });

  test('in an order of its own, and the first 64', () => {
    const many = Array.from({ length: 70 }, (_, port) => ({ ...FAR, publicKey: `KEY ${String(port).padStart(2, '0')}` }));
    expect(endpointsToPublish(many.toReversed(), 'm', [])).toEqual(many.slice(0, 64));
  });
});
