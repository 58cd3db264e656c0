import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import type { Member } from '../members/member.js';
import { cleanUp } from './cleanUp.js';
import type { Writer } from './writer.js';

const PEERS = ['a', 'b', 'c'].map((name): KubeObject => ({ apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name } }));

/** A member that has these Peers of ours, and one of somebody else. */
const member = {
  id: 'east',
  records: {
    mirrored: () => new Set(),
    imports: () => new Map(),
    exports: () => new Map(),
    peers: () =>
      new Map<string, object>([
        ['laptop', { own: false }],
        ...PEERS.map((object) => [object.metadata.name, { own: true, object }] as const),
      ]),
  },
} as unknown as Member;

async function cleanedUp(remove: Writer['remove'], signal: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  const log = {
    with: () => log,
    info: (message: string, data: { readonly removed: number }) => void lines.push(`${message.split(';')[0]}: ${data.removed}`),
    warn: (message: string, data: { readonly removed: number }) => void lines.push(`${message.split(';')[0]}: ${data.removed}`),
  } as unknown as Log;
  await cleanUp(member, { writer: { remove } as Writer, log }, signal);
  return lines;
}

test('removes what is ours, and nothing else', async () => {
  const gone: string[] = [];
  const lines = await cleanedUp((_resource, { metadata }) => {
    gone.push(metadata.name);
    return Promise.resolve({ kind: 'deleted' });
  }, new AbortController().signal);
  expect(gone).toEqual(['a', 'b', 'c']);
  expect(lines).toEqual(['Cleaned up after a member that was removed: 3']);
});

test('a failure ends it', async () => {
  const failure = { kind: 'forbidden', message: 'no' } as const;
  const lines = await cleanedUp(() => Promise.resolve({ kind: 'failed', failure }), new AbortController().signal);
  expect(lines).toEqual(['Could not clean up after a member that was removed: 0']);
});

test('when it took too long it says so, and not that all is gone', async () => {
  const stop = new AbortController();
  const lines = await cleanedUp(() => {
    stop.abort();
    return Promise.resolve({ kind: 'deleted' });
  }, stop.signal);
  expect(lines).toEqual(['Could not clean up after a member that was removed: 1']);
});
