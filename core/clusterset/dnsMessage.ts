/**
 * The one question that shows whether a DNS server serves the zone, as it goes over TCP (RFC 1035, 4): the version of the zone's schema.
 */
import { CLUSTERSET_ZONE } from './stanza.js';

const TXT = 16;
const INTERNET = 1;
const HEADER_BYTES = 12;
const ID = 0x6b66;

/** `TXT dns-version.clusterset.local`, with its length before it. */
export function zoneQuestion(): Uint8Array {
  const labels = ['dns-version', ...CLUSTERSET_ZONE.split('.')].flatMap((label) => [label.length, ...bytes(label)]);
  // No recursion: who has to ask others does not serve it.
  const message = [...words(ID, 0, 1, 0, 0, 0), ...labels, 0, ...words(TXT, INTERNET)];
  return Uint8Array.from([...words(message.length), ...message]);
}

/** Whether all of the answer is there. */
export function isWholeMessage(answer: Uint8Array): boolean {
  return answer.length >= 2 && answer.length >= 2 + wordAt(answer, 0);
}

/** Whether the answer has a record. Undefined: it is no answer to the question. */
export function answersZone(answer: Uint8Array): boolean | undefined {
  if (!isWholeMessage(answer) || wordAt(answer, 0) < HEADER_BYTES || wordAt(answer, 2) !== ID) return undefined;
  const flags = wordAt(answer, 4);
  if ((flags & 0x8000) === 0) return undefined;
  return (flags & 0xf) === 0 && wordAt(answer, 8) > 0;
}

function bytes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function words(...numbers: readonly number[]): number[] {
  return numbers.flatMap((number) => [number >> 8, number & 0xff]);
}

function wordAt(message: Uint8Array, at: number): number {
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
}
