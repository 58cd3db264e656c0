/**
 * The node's WireGuard key, in a file of the form of Kilo's /var/lib/kilo/key: base64, mode 0600.
 *
 * The key is the node's identity. Only a missing file is created. A file that cannot be read or parsed is an error for a human to solve,
 * never a reason for a new identity. A node that ran Kilo keeps the identity that it had there.
 */
import type { Result } from '../../core/runtime/result.js';
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface NodeKey {
  readonly publicKey: string;
  readonly origin: 'kept' | 'made' | 'kilo';
}

/** `kiloFile`: where Kilo's agent keeps its key, which is taken over when `file` does not exist; empty: nowhere. */
export async function ensureKey(file: string, kiloFile = ''): Promise<Result<NodeKey>> {
  const existing = await readKey(file);
  if (existing !== undefined) return resultOf(existing, 'kept');
  const kilo = await readKiloKey(kiloFile);
  if (kilo?.ok === false) return kilo;
  const failed = await createKey(file, kilo?.value ?? generatePrivateKey());
  if (failed !== undefined) return { ok: false, error: failed };
  const written = await readKey(file);
  return written === undefined
    ? { ok: false, error: `${file} vanished after it was written` }
    : resultOf(written, kilo === undefined ? 'made' : 'kilo');
}

/** What `ensureKey` would return, without writing anything. A key that it would create differs each time. */
export async function foreseeKey(file: string, kiloFile = ''): Promise<Result<NodeKey>> {
  const existing = await readKey(file);
  if (existing !== undefined) return resultOf(existing, 'kept');
  const kilo = await readKiloKey(kiloFile);
  if (kilo?.ok === false) return kilo;
  return { ok: true, value: { publicKey: publicKeyOf(kilo?.value ?? generatePrivateKey()), origin: kilo === undefined ? 'made' : 'kilo' } };
}

/** The private key itself, base64. @throws when there is none to be read: `ensureKey` comes first. */
export async function readPrivateKey(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim();
}

/** The private key, base64. */
type ReadKey = Result<string>;

async function readKiloKey(file: string): Promise<ReadKey | undefined> {
  const kilo = file === '' ? undefined : await readKey(file);
  return kilo?.ok === false
    ? { ok: false, error: `${kilo.error}. It is Kilo's, and would become this node's: --kilo-key-file '' ignores it` }
    : kilo;
}

function resultOf(read: ReadKey, origin: 'kept' | 'made' | 'kilo'): Result<NodeKey> {
  return read.ok ? { ok: true, value: { publicKey: publicKeyOf(read.value), origin } } : read;
}

async function readKey(file: string): Promise<ReadKey | undefined> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    return {
      ok: false,
      error:
        `cannot read the WireGuard key ${file} (${codeOf(error)}): ` +
        'make it readable for this user, or move it away to give the node a new identity',
    };
  }
  if (!/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text)) {
    return {
      ok: false,
      error:
        `${file} is not a WireGuard key (32 bytes in base64, 44 characters): ` +
        'restore it, or move it away to give the node a new identity',
    };
  }
  return { ok: true, value: text };
}

/** Undefined, or what went wrong. `link` makes it appear whole, and never over a key that somebody else just wrote. */
async function createKey(file: string, privateKey: string): Promise<string | undefined> {
  const part = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(part, `${privateKey}\n`, { mode: 0o600 });
    await chmod(part, 0o600);
    await link(part, file).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await unlink(part);
    return undefined;
  } catch (error) {
    return `cannot write a WireGuard key to ${file} (${codeOf(error)}): give a writable place with --key-file`;
  }
}

function generatePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('x25519');
  const bytes = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8.length);
  // The clamping of RFC 7748, which `wg genkey` applies too.
  bytes[0] = (bytes[0] ?? 0) & 248;
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  return bytes.toString('base64');
}

export function publicKeyOf(privateKey: string): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(privateKey, 'base64')]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}

/** DER of an X25519 PKCS#8 key up to the 32 bytes of the key itself (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
