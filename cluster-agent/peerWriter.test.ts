import { describe, expect, test } from '@jest/globals';
import { SILENT } from '../test/host/handClock.js';
import type { PeerFacts } from './facts.js';
import { createPeerWriter } from './peerWriter.js';
import type { PlannedPeerStatus } from './planPeers.js';
import type { StatusWrite } from './statusWriter.js';

const STATUS: PlannedPeerStatus = { conditions: [{ type: 'Ready', status: 'True', reason: 'Meshed', message: '', observedGeneration: 1 }] };

const peersOf = (count: number): PeerFacts[] =>
  Array.from({ length: count }, (_, n) => ({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name: `p${n}` },
    checked: { ok: false, error: '' },
  }));

function setting(answer: (name: string) => StatusWrite): { readonly tried: string[]; write(peers: readonly PeerFacts[]): Promise<string> } {
  const tried: string[] = [];
  const writer = createPeerWriter({
    log: SILENT,
    writer: {
      write({ metadata: { name } }) {
        tried.push(name);
        return Promise.resolve(answer(name));
      },
    },
  });
  return { tried, write: (peers) => writer.write(peers, new Map(peers.map((peer) => [peer.metadata.name, STATUS]))) };
}

describe('Peers are written', () => {
  test('a few at a time, and those that are as planned take no part in it', async () => {
    const done = new Set<string>();
    const { tried, write } = setting((name) => {
      if (done.has(name)) return { kind: 'same' };
      done.add(name);
      return { kind: 'written' };
    });
    const peers = peersOf(100);
    expect(await write(peers)).toBe('more');
    expect(tried).toHaveLength(64);
    expect(await write(peers)).toBe('nothing');
    expect(done.size).toBe(100);
  });

  test.each<[string, StatusWrite, string, number]>([
    ['the API server is away', { kind: 'failed', message: 'x', lasting: false }, 'failed', 2],
    ['the API server refuses it', { kind: 'failed', message: 'x', lasting: true }, 'nothing', 1],
    ['it has changed meanwhile, or has no status', { kind: 'overtaken' }, 'nothing', 1],
  ])('again, or not before they change: %s', async (_what, answer, left, tries) => {
    const { tried, write } = setting((name) => (name === 'p0' ? answer : { kind: 'same' }));
    const peers = peersOf(2);
    expect(await write(peers)).toBe(left);
    await write(peers);
    expect(tried.filter((name) => name === 'p0')).toHaveLength(tries);
    await write(peersOf(2));
    expect(tried.filter((name) => name === 'p0')).toHaveLength(tries + 1);
  });
});
