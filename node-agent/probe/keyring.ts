/**
 * Keyring: what authenticates probes. Two nodes share a secret that follows from their WireGuard keys (X25519, then HKDF), so
 * probes need no keys of their own and nobody else can speak for a node.
 *
 * The private key never leaves this file's closures.
 */
import { createPrivateKey, createPublicKey, diffieHellman, hash, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';
import { KEY_BYTES, type Message, decodeMessage, encodeMessage } from '../../core/failover/message.js';
import type { Clock } from '../../core/runtime/clock.js';

export interface Keyring {
  /** Raw, our own. */
  readonly publicKey: Uint8Array;
  /** The packet for the node with that key (base64). Undefined: that is no key. */
  seal(message: Message, to: string): Uint8Array | undefined;
  /** What a packet says, and who says it (base64); undefined: it is nobody's, or not whole. */
  open(packet: Uint8Array): { readonly message: Message; readonly from: string } | undefined;
}

const MAC_BYTES = 16;
/** Of SHA-256. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** Of a packet; the longest of ours has 870 bytes (core/failover/message.ts). */
const LONGEST = 1024;
/** Agreements with unknown keys are dear (some 50 us): so many are kept, and so many new ones made in a second. */
const KEPT = 8192;
const NEW_PER_SECOND = 500;

/** `privateKey`: base64, as in the key file. */
export function createKeyring(privateKey: string, clock: Pick<Clock, 'now'>): Keyring {
  const own = privateKeyOf(privateKey);
  const secrets = new Map<string, Mac>();
  let second = { at: Number.NEGATIVE_INFINITY, made: 0 };

  function macWith(key: string): Mac | undefined {
    const known = secrets.get(key);
    if (known !== undefined) return known;
    const now = clock.now();
    if (now - second.at >= 1000) second = { at: now, made: 0 };
    second.made += 1;
    if (second.made > NEW_PER_SECOND) return undefined;
    const secret = agree(own, key);
    if (secret === undefined) return undefined;
    const made = createMac(secret);
    if (secrets.size >= KEPT) secrets.delete(secrets.keys().next().value ?? '');
    secrets.set(key, made);
    return made;
  }

  return {
    publicKey: createPublicKey(own).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES),
    seal(message, to) {
      const mac = macWith(to);
      if (mac === undefined) return undefined;
      const packet = encodeMessage(message, MAC_BYTES);
      packet.set(mac(packet.subarray(0, -MAC_BYTES)), packet.length - MAC_BYTES);
      return packet;
    },
    open(packet) {
      if (packet.length > LONGEST) return undefined;
      const body = packet.subarray(0, Math.max(0, packet.length - MAC_BYTES));
      const message = decodeMessage(body);
      if (message === undefined) return undefined;
      const from = Buffer.from(message.key).toString('base64');
      const mac = macWith(from);
      return mac !== undefined && timingSafeEqual(mac(body), packet.subarray(body.length)) ? { message, from } : undefined;
    },
  };
}

type Mac = (body: Uint8Array) => Uint8Array;

/**
 * HMAC-SHA-256 (RFC 2104) by two one-shot hashes: an object of node:crypto per packet costs more than the hashing, and all that
 * it leaves behind.
 */
function createMac(secret: Buffer): Mac {
  const inner = Buffer.alloc(BLOCK_BYTES + LONGEST, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c);
  for (const [index, byte] of secret.entries()) {
    inner[index] = 0x36 ^ byte;
    outer[index] = 0x5c ^ byte;
  }
  return (body) => {
    inner.set(body, BLOCK_BYTES);
    outer.set(hash('sha256', inner.subarray(0, BLOCK_BYTES + body.length), 'buffer'), BLOCK_BYTES);
    return hash('sha256', outer, 'buffer').subarray(0, MAC_BYTES);
  };
}

/** Of a key as in the key file. @throws when it is none. */
export function privateKeyOf(base64: string): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(base64, 'base64')]), format: 'der', type: 'pkcs8' });
}

/** What `own` and the node with public key `key` (base64) share, 32 bytes. Undefined: not a point that an honest node would have. */
export function agree(own: KeyObject, key: string): Buffer | undefined {
  const raw = Buffer.from(key, 'base64');
  if (raw.length !== KEY_BYTES) return undefined;
  try {
    const shared = diffieHellman({ privateKey: own, publicKey: createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' }) });
    return Buffer.from(hkdfSync('sha256', shared, '', 'kilofed probe 1', 32));
  } catch {
    return undefined;
  }
}

/** DER of X25519 keys up to the 32 bytes of the key itself (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
