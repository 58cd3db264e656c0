import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ensureKey, publicKeyOf } from './key.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kilofed-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("RFC 7748 section 6.1: Bob's keys", () => {
  const bob = Buffer.from('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb', 'hex').toString('base64');
  expect(Buffer.from(publicKeyOf(bob), 'base64').toString('hex')).toBe('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
});

test('a missing key is made once, for us only, and stays', async () => {
  const file = join(folder, 'deep', 'key');
  const made = await ensureKey(file);
  expect(made).toMatchObject({ ok: true, value: { origin: 'made' } });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, 'utf8').trim();
  const bytes = Buffer.from(text, 'base64');
  expect([bytes.length, (bytes[0] ?? 0) & 7, (bytes[31] ?? 0) >> 6]).toEqual([32, 0, 1]);
  expect(await ensureKey(file)).toEqual({ ok: true, value: { origin: 'kept', publicKey: publicKeyOf(text) } });
});

test.each(['', 'not a key', 'A'.repeat(43), `${'A'.repeat(40)}\n${'A'.repeat(3)}=`])(
  'a corrupt key %p is an error and stays as it is',
  async (text) => {
    const file = join(folder, 'key');
    writeFileSync(file, text);
    const result = await ensureKey(file);
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining('restore it, or move it away') });
    expect(JSON.stringify(result)).not.toContain('AAAA');
    expect(readFileSync(file, 'utf8')).toBe(text);
  },
);

test('a key that is no file is an error', async () => {
  expect(await ensureKey(folder)).toMatchObject({ ok: false, error: expect.stringContaining('cannot read the WireGuard key') });
});

test('two that make it at the same time agree', async () => {
  const file = join(folder, 'key');
  const [a, b] = await Promise.all([ensureKey(file), ensureKey(file)]);
  expect(a.ok && b.ok && a.value.publicKey === b.value.publicKey).toBe(true);
});

test('a folder that cannot be written is an error', async () => {
  writeFileSync(join(folder, 'plain'), '');
  chmodSync(join(folder, 'plain'), 0o600);
  expect(await ensureKey(join(folder, 'plain', 'key'))).toMatchObject({ ok: false });
});

describe("Kilo's key", () => {
  const KILO = Buffer.from('77076d0a7318a57d3c16c17251b26645df4c6a5eb0e1e3e1a5f4b6f0a1c5d7e8'.slice(0, 64), 'hex').toString('base64');
  const own = (): string => join(folder, 'key');
  const kilo = (text?: string): string => {
    if (text !== undefined) writeFileSync(join(folder, 'kilo'), text, { mode: 0o600 });
    return join(folder, 'kilo');
  };

  test('is taken over where there is no other, and stays when Kilo is gone', async () => {
    const file = kilo(KILO);
    expect(await ensureKey(own(), file)).toEqual({ ok: true, value: { origin: 'kilo', publicKey: publicKeyOf(KILO) } });
    rmSync(file);
    expect(await ensureKey(own(), file)).toEqual({ ok: true, value: { origin: 'kept', publicKey: publicKeyOf(KILO) } });
    expect(statSync(own()).mode & 0o777).toBe(0o600);
  });

  test("gives way to the node's own", async () => {
    const made = await ensureKey(own());
    if (!made.ok) throw new Error(made.error);
    expect(await ensureKey(own(), kilo(KILO))).toEqual({ ok: true, value: { ...made.value, origin: 'kept' } });
  });

  test.each([
    ['that is corrupt is an error, not a new identity', 'AAAA', (file: string) => file, false],
    ['that is corrupt may be told to be ignored', 'AAAA', () => '', true],
    ['that is missing is nothing', undefined, (file: string) => file, true],
  ] as const)('%s', async (_what, text, use, works) => {
    const result = await ensureKey(own(), use(kilo(text)));
    expect(result.ok).toBe(works);
    if (!result.ok) expect(result.error).toContain("--kilo-key-file ''");
  });
});
