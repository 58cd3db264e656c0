/**
 * The packets of probing, without their authentication: UDP payloads of some 100 bytes.
 *
 *     request  'K' 'F' version 1 | key 32 | epoch 8 | nonce 8 | answer via 1 | flags 1 [ | report ]
 *     answer   'K' 'F' version 2 | key 32 | epoch 8 | nonce 8 | report
 *     news     'K' 'F' version 3 | key 32 | epoch 8 | nonce 8 | suspect's key 32
 *
 *     report   flags 1 | count 1 | segment 4 ...
 *
 * Big-endian. Flags and bytes behind that a reader does not know mean nothing to it. `key` is the sender's WireGuard public key, `epoch` the wall-clock start of its agent in milliseconds. An answer repeats the nonce of its request, so an old
 * one answers nothing. All carry a message authentication code behind them (node-agent/probe/keyring.ts).
 */

export type Message = ProbeRequest | ProbeAnswer | News;

interface Envelope {
  /** Raw WireGuard public key of the sender. */
  readonly key: Uint8Array;
  /** Wall-clock milliseconds of the start of the sender's agent. */
  readonly epoch: number;
  /** Of a request and of news: grows with each. */
  readonly nonce: bigint;
}

export interface ProbeRequest extends Envelope {
  readonly kind: 'request';
  /** The plane by which to answer; undefined: by the ordinary routes. */
  readonly answerVia: number | undefined;
  /** The sender's traffic takes this way now. */
  readonly inUse: boolean;
  /** Whether the receiver forwards what the sender sends through it. */
  readonly forwards: 'unknown' | 'yes' | 'no';
  /** The sender has just found this way good in both directions, so that the receiver need not ask; and what it says of itself. */
  readonly assures?: Report;
}

export interface ProbeAnswer extends Envelope {
  readonly kind: 'answer';
  readonly report: Report;
  /** The sender's traffic takes the way that it answers by. */
  readonly inUse: boolean;
}

/** Somebody does not answer me: check yourself. */
export interface News extends Envelope {
  readonly kind: 'news';
  readonly suspect: Uint8Array;
}

/** What a node says of itself. */
export interface Report {
  /** It will go soon, or should not be used. */
  readonly draining: boolean;
  /** No other node of its location is to be heard. */
  readonly lanLost: boolean;
  /** Nodes of its location find that it forwards nothing. */
  readonly notForwarding: boolean;
  /** `hash32` of the names of remote segments that none of its own tunnels reaches; `all`: too many to list. */
  readonly unreachable: readonly number[] | 'all';
}

/** Bytes of a WireGuard key. */
export const KEY_BYTES = 32;

const MAGIC = 0x4b46;
const VERSION = 1;
const HEAD = 4;
const AFTER_KEY = HEAD + KEY_BYTES;
const BODY = AFTER_KEY + 16;
const KINDS = ['request', 'answer', 'news'] as const;
const PLAIN = 255;
/** Fits every MTU with room. */
const MAX_SEGMENTS = 200;
/** Flags of a request, and of an answer. */
const ASSURES = 8;
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
    view.setUint8(BODY + 1, (message.inUse ? 1 : 0) | (FORWARDS.indexOf(message.forwards) << 1) | (message.assures === undefined ? 0 : ASSURES));
    if (message.assures !== undefined) writeReport(view, BODY + 2, message.assures, 0);
  } else if (message.kind === 'answer') {
    writeReport(view, BODY, message.report, message.inUse ? IN_USE : 0);
  } else {
    bytes.set(message.suspect, BODY);
  }
  return bytes;
}

/** Undefined: not one of ours, or of a version we do not speak. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < BODY + 2 || view.getUint16(0) !== MAGIC || view.getUint8(2) !== VERSION) return undefined;
  const kind = KINDS[view.getUint8(3) - 1];
  const envelope: Envelope = {
    key: bytes.slice(HEAD, AFTER_KEY),
    epoch: Number(view.getBigUint64(AFTER_KEY)),
    nonce: view.getBigUint64(AFTER_KEY + 8),
  };
  if (kind === 'request') {
    const via = view.getUint8(BODY);
    const flags = view.getUint8(BODY + 1);
    const assures = (flags & ASSURES) === 0 ? undefined : readReport(view, BODY + 2);
    return { kind, ...envelope, answerVia: via === PLAIN ? undefined : via, inUse: (flags & 1) !== 0, forwards: FORWARDS[(flags >> 1) & 3] ?? 'unknown', ...(assures === undefined ? {} : { assures }) };
  }
  if (kind === 'answer') {
    const report = readReport(view, BODY);
    return report === undefined ? undefined : { kind, ...envelope, report, inUse: (view.getUint8(BODY) & IN_USE) !== 0 };
  }
  if (kind === 'news' && bytes.length >= BODY + KEY_BYTES) return { kind, ...envelope, suspect: bytes.slice(BODY, BODY + KEY_BYTES) };
  return undefined;
}

function bodyLength(message: Message): number {
  if (message.kind === 'request') return 2 + (message.assures === undefined ? 0 : reportLength(message.assures));
  return message.kind === 'news' ? KEY_BYTES : reportLength(message.report);
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
