/**
 * Keyring: what authenticates probes. Two nodes share a secret that follows from their WireGuard keys (X25519, then HKDF), so
 * probes need no keys of their own and nobody else can speak for a node.
 *
 * The private key never leaves this file's closures.
 */
import { createPrivateKey, createPublicKey, diffieHellman, hash, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';
import { KEY_BYTES, type Message, decodeMessage, encodeMessage, senderOf } from '../../core/failover/message.js';
import type { Clock } from '../../core/runtime/clock.js';

export interface Keyring {
  /** Raw, our own. */
  readonly publicKey: Uint8Array;
  /** From now on the nodes with these keys (base64) are known, and no others. */
  know(keys: Iterable<string>): void;
  /** The packet for the node with that key (base64). Undefined: that is no key, or a stranger's that there is no time for. */
  seal(message: Message, to: string, group?: StrangerGroup): Uint8Array | undefined;
  /** The message in a packet and its sender's key (base64); undefined: not authentic, or not whole, or there is no time for it. */
  open(packet: Uint8Array, group?: StrangerGroup): Opened | undefined;
  /** As `open`. A packet of anybody who is not known costs a look-up. */
  openKnown(packet: Uint8Array): Opened | undefined;
}

/** Nodes that share what there is for strangers: those of a member, by its id, or of the own cluster. */
export type StrangerGroup = string;
export const OWN_CLUSTER: StrangerGroup = '';

interface Opened {
  readonly message: Message;
  readonly from: string;
}

const MAC_BYTES = 16;
/** Of SHA-256. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** Of a packet; the longest of ours has 870 bytes (core/failover/message.ts). */
const LONGEST = 1024;

/**
 * A key agreement costs some 50 us, and a node can send any number of keys. So many results are kept for each group of strangers, and so
 * many made in a second. Those of known nodes are made once and stay: nobody's packets can delay them.
 */
interface Limits {
  readonly kept: number;
  readonly newPerSecond: number;
}

const LIMITS_OWN: Limits = { kept: 8192, newPerSecond: 500 };
const LIMITS_MEMBER: Limits = { kept: 2048, newPerSecond: 100 };

/** `privateKey`: base64, as in the key file. @throws when it is none. */
export function createKeyring(privateKey: string, clock: Pick<Clock, 'now'>): Keyring {
  const own = privateKeyOf(privateKey);
  /** By key; undefined: not needed yet. */
  let known = new Map<string, Mac | undefined>();
  const groups = new Map<StrangerGroup, Strangers>();

  const make = (key: string): Mac | undefined => {
    const secret = agree(own, key);
    return secret === undefined ? undefined : createMac(secret);
  };

  function knownMac(key: string): Mac | undefined {
    const mac = known.get(key) ?? make(key);
    known.set(key, mac);
    return mac;
  }

  function macWith(key: string, group: StrangerGroup): Mac | undefined {
    if (known.has(key)) return knownMac(key);
    const strangers = groups.get(group) ?? createStrangers(group === OWN_CLUSTER ? LIMITS_OWN : LIMITS_MEMBER, make);
    groups.set(group, strangers);
    return strangers.macWith(key, clock.now());
  }

  function openBy(packet: Uint8Array, macOf: (key: string) => Mac | undefined): Opened | undefined {
    if (packet.length > LONGEST) return undefined;
    const body = packet.subarray(0, Math.max(0, packet.length - MAC_BYTES));
    const key = senderOf(body);
    if (key === undefined) return undefined;
    const from = Buffer.from(key).toString('base64');
    const mac = macOf(from);
    if (mac === undefined || !timingSafeEqual(mac(body), packet.subarray(body.length))) return undefined;
    const message = decodeMessage(body);
    return message === undefined ? undefined : { message, from };
  }

  return {
    publicKey: createPublicKey(own).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES),
    know(keys) {
      known = new Map([...keys].map((key) => [key, known.get(key)]));
    },
    seal(message, to, group = OWN_CLUSTER) {
      const mac = macWith(to, group);
      if (mac === undefined) return undefined;
      const packet = encodeMessage(message, MAC_BYTES);
      packet.set(mac(packet.subarray(0, -MAC_BYTES)), packet.length - MAC_BYTES);
      return packet;
    },
    open: (packet, group = OWN_CLUSTER) => openBy(packet, (key) => macWith(key, group)),
    openKnown: (packet) => openBy(packet, (key) => (known.has(key) ? knownMac(key) : undefined)),
  };
}

interface Strangers {
  macWith(key: string, now: number): Mac | undefined;
}

function createStrangers({ kept, newPerSecond }: Limits, make: (key: string) => Mac | undefined): Strangers {
  const macs = new Map<string, Mac>();
  let second = { at: Number.NEGATIVE_INFINITY, made: 0 };
  return {
    macWith(key, now) {
      const before = macs.get(key);
      if (before !== undefined) return before;
      if (now - second.at >= 1000) second = { at: now, made: 0 };
      second.made += 1;
      if (second.made > newPerSecond) return undefined;
      const made = make(key);
      if (made === undefined) return undefined;
      if (macs.size >= kept) macs.delete(macs.keys().next().value ?? '');
      macs.set(key, made);
      return made;
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
    const shared = diffieHellman({
      privateKey: own,
      publicKey: createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' }),
    });
    return Buffer.from(hkdfSync('sha256', shared, '', 'kilofed probe 1', 32));
  } catch {
    return undefined;
  }
}

/** DER of X25519 keys up to the 32 bytes of the key itself (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
