/**
 * The packets of probing, without their authentication: UDP payloads of some 100 bytes.
 *
 *     request  'K' 'F' version 1 | key 32 | epoch 8 | nonce 8 | answer via 1 | flags 1 [ | report ]
 *     answer   'K' 'F' version 2 | key 32 | epoch 8 | nonce 8 | report
 *     suspect  'K' 'F' version 3 | key 32 | epoch 8 | nonce 8 | suspect's key 32
 *
 *     report   flags 1 | count 1 | segment 4 ...
 *
 * Big-endian. Readers skip flags and bytes that they do not know. `key` is the sender's WireGuard public key, `epoch` the wall-clock start
 * of its agent in milliseconds. An answer repeats the nonce of its request, so an old one answers nothing. A suspect message names a
 * node that the sender does not reach (the term is SWIM's). One that names its own sender says that the sender's report has changed. A
 * message authentication code follows each message (node-agent/probe/keyring.ts).
 */
import type { Report } from './report.js';

export type Message = ProbeRequest | ProbeAnswer | SuspectMessage;

interface Envelope {
  /** Raw WireGuard public key of the sender. */
  readonly key: Uint8Array;
  /** Wall-clock milliseconds of the start of the sender's agent. */
  readonly epoch: number;
  /** Of a request and of a suspect message: grows with each. */
  readonly nonce: bigint;
}

export interface ProbeRequest extends Envelope {
  readonly kind: 'request';
  /** The plane by which to answer; undefined: by the ordinary routes. */
  readonly answerVia: number | undefined;
  /** The sender's traffic takes this path now. */
  readonly inUse: boolean;
  /** Whether the receiver forwards what the sender sends through it. */
  readonly forwards: 'unknown' | 'yes' | 'no';
  /** The sender vouches for this path: it has just found it good in both directions, so the receiver need not probe. And its report. */
  readonly vouches?: Report;
}

interface ProbeAnswer extends Envelope {
  readonly kind: 'answer';
  readonly report: Report;
  /** The sender's traffic takes the path that it answers by. */
  readonly inUse: boolean;
}

/** The suspect does not answer the sender: probe it yourself. Where it is the sender, its report has changed. */
export interface SuspectMessage extends Envelope {
  readonly kind: 'suspect';
  readonly suspect: Uint8Array;
}

/** Bytes of a WireGuard key. */
export const KEY_BYTES = 32;

const MAGIC = 0x4b46;
const VERSION = 1;
const HEAD = 4;
const AFTER_KEY = HEAD + KEY_BYTES;
const BODY = AFTER_KEY + 16;
const KINDS = ['request', 'answer', 'suspect'] as const;
const PLAIN = 255;
/** Fits every MTU with room. */
const MAX_SEGMENTS = 200;
/** Flags of a request, and of an answer. */
const VOUCHES = 8;
const IN_USE = 8;
const FORWARDS = ['unknown', 'yes', 'no'] as const;

/** `room`: bytes that stay free behind it. */
export function encodeMessage(message: Message, room = 0): Uint8Array {
  const bytes = new Uint8Array(BODY + bodyLength(message) + room);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, MAGIC);
  view.setUint8(2, VERSION);
  view.setUint8(3, KINDS.indexOf(message.kind) + 1);
  bytes.set(message.key, HEAD);
  view.setBigUint64(AFTER_KEY, BigInt(message.epoch));
  view.setBigUint64(AFTER_KEY + 8, message.nonce);
  if (message.kind === 'request') {
    view.setUint8(BODY, message.answerVia ?? PLAIN);
    view.setUint8(
      BODY + 1,
      (message.inUse ? 1 : 0) | (FORWARDS.indexOf(message.forwards) << 1) | (message.vouches === undefined ? 0 : VOUCHES),
    );
    if (message.vouches !== undefined) writeReport(view, BODY + 2, message.vouches, 0);
  } else if (message.kind === 'answer') {
    writeReport(view, BODY, message.report, message.inUse ? IN_USE : 0);
  } else {
    bytes.set(message.suspect, BODY);
  }
  return bytes;
}

/** The key that a message says it is from; undefined: see `decodeMessage`. */
export function senderOf(bytes: Uint8Array): Uint8Array | undefined {
  return isOurs(bytes) ? bytes.subarray(HEAD, AFTER_KEY) : undefined;
}

function isOurs(bytes: Uint8Array): boolean {
  return bytes.length >= BODY + 2 && bytes[0] === MAGIC >> 8 && bytes[1] === (MAGIC & 0xff) && bytes[2] === VERSION;
}

/** Undefined: not one of ours, or of a version we do not speak. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  if (!isOurs(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = KINDS[view.getUint8(3) - 1];
  const envelope: Envelope = {
    key: bytes.slice(HEAD, AFTER_KEY),
    epoch: Number(view.getBigUint64(AFTER_KEY)),
    nonce: view.getBigUint64(AFTER_KEY + 8),
  };
  if (kind === 'request') {
    const via = view.getUint8(BODY);
    const flags = view.getUint8(BODY + 1);
    const vouches = (flags & VOUCHES) === 0 ? undefined : readReport(view, BODY + 2);
    return {
      kind,
      ...envelope,
      answerVia: via === PLAIN ? undefined : via,
      inUse: (flags & 1) !== 0,
      forwards: FORWARDS[(flags >> 1) & 3] ?? 'unknown',
      ...(vouches === undefined ? {} : { vouches }),
    };
  }
  if (kind === 'answer') {
    const report = readReport(view, BODY);
    return report === undefined ? undefined : { kind, ...envelope, report, inUse: (view.getUint8(BODY) & IN_USE) !== 0 };
  }
  if (kind === 'suspect' && bytes.length >= BODY + KEY_BYTES) return { kind, ...envelope, suspect: bytes.slice(BODY, BODY + KEY_BYTES) };
  return undefined;
}

function bodyLength(message: Message): number {
  if (message.kind === 'request') return 2 + (message.vouches === undefined ? 0 : reportLength(message.vouches));
  return message.kind === 'suspect' ? KEY_BYTES : reportLength(message.report);
}

function reportLength(report: Report): number {
  return 2 + (listed(report)?.length ?? 0) * 4;
}

function writeReport(view: DataView, at: number, report: Report, more: number): void {
  const { draining, lanLost, notForwarding } = report;
  const segments = listed(report);
  view.setUint8(at, (draining ? 1 : 0) | (lanLost ? 2 : 0) | (notForwarding ? 4 : 0) | more);
  view.setUint8(at + 1, segments?.length ?? PLAIN);
  for (const [index, segment] of (segments ?? []).entries()) view.setUint32(at + 2 + index * 4, segment);
}

/** Undefined: it is not whole. */
function readReport(view: DataView, at: number): Report | undefined {
  if (view.byteLength < at + 2) return undefined;
  const flags = view.getUint8(at);
  const count = view.getUint8(at + 1);
  if (count !== PLAIN && view.byteLength < at + 2 + count * 4) return undefined;
  const unreachable = count === PLAIN ? 'all' : Array.from({ length: count }, (_, index) => view.getUint32(at + 2 + index * 4));
  return { draining: (flags & 1) !== 0, lanLost: (flags & 2) !== 0, notForwarding: (flags & 4) !== 0, unreachable };
}

/** Undefined: all. */
function listed({ unreachable }: Report): readonly number[] | undefined {
  return unreachable === 'all' || unreachable.length > MAX_SEGMENTS ? undefined : unreachable;
}
