/**
 * The body of an answer: all of it, item by item of a list, or line by line as it comes. Whoever takes an item or a line may hold up
 * the next; then the server is not read meanwhile.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Pace } from './client.js';
import { type Gathered, type Held, isOfAnObject } from './gather.js';
import { createItemSplitter } from './items.js';
import { createLineSplitter } from './lines.js';
import { shapeOf } from './shape.js';
import { type WireAnswer, WireError } from './transport.js';

/** What a handler of lines or items threw, to be told from a broken stream. */
export class HandlerError extends Error {}

/** Takes a line or an item; the promise, where there is one, says when to go on. */
type Take = (gathered: Gathered) => Promise<void> | undefined;

interface Reading {
  readonly take: Take;
  readonly held: Held;
  readonly pace: Pace | undefined;
}

/** Rejects when the body is cut short, larger than `most` bytes, or more than one object can be. */
export async function readAll(answer: WireAnswer, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  await pump(answer, (chunk) => {
    size += chunk.length;
    if (size > most) throw new WireError('tooLarge', `the answer is larger than ${most >> 10} KiB`);
    chunks.push(chunk);
    return undefined;
  });
  const whole = Buffer.concat(chunks);
  if (!isOfAnObject(shapeOf(whole))) throw new WireError('tooLarge', 'the answer has more values, or nests deeper, than any object');
  return whole.toString('utf8');
}

/** Resolves with what a list says of itself, as JSON, after `take` has had all its items. */
export async function readItems(answer: WireAnswer, { take, held, pace }: Reading): Promise<string> {
  const splitter = createItemSplitter(held);
  try {
    await pump(answer, (chunk) => both(each(splitter.split(chunk)[Symbol.iterator](), take), pace?.('chunk', chunk.length)));
  } finally {
    splitter.drop();
  }
  return splitter.rest();
}

interface LineReading extends Reading {
  /** Milliseconds without a byte after which the stream counts as dead. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Resolves at the clean end of the body. Once it has settled `take` is not called again, whatever still comes. */
export async function readLines(answer: WireAnswer, { take, held, pace, idleMs, signal, clock }: LineReading): Promise<void> {
  const splitter = createLineSplitter(held);
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const abort = (): void => fail(new WireError('aborted', 'the request was given up'));
  let cancelIdle = (): void => undefined;
  const watchIdle = (): void => {
    cancelIdle = clock.after(idleMs, () => fail(new WireError('timeout', `nothing came for ${idleMs} ms`)));
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  watchIdle();
  let done = false;
  try {
    await Promise.race([
      failed,
      pump(answer, (chunk) => {
        cancelIdle();
        const taking = each(splitter.split(chunk)[Symbol.iterator](), (line) => (done || signal.aborted ? undefined : take(line)));
        const waiting = both(taking, pace?.('chunk', chunk.length));
        // While it is us who do not read, silence says nothing.
        if (waiting !== undefined) return waiting.then(() => (done ? undefined : watchIdle()));
        if (!done) watchIdle();
        return undefined;
      }),
    ]);
  } finally {
    done = true;
    cancelIdle();
    signal.removeEventListener('abort', abort);
    splitter.drop();
    answer.cancel();
  }
}

/** Calls `take` with each chunk, the next one after its promise. Rejects when the body is cut short, or with what `take` throws. */
function pump(answer: WireAnswer, take: (chunk: Buffer) => Promise<void> | undefined): Promise<void> {
  const { body } = answer;
  return new Promise((resolve, reject) => {
    /** Of the last chunk: a body may end, and be closed, while it is paused. */
    let taking: Promise<void> | undefined;
    let over = false;
    const end = (act: () => void): void => {
      over = true;
      act();
    };
    const fail = (error: unknown): void =>
      end(() => {
        answer.cancel();
        reject(error);
      });
    body.on('data', (chunk: Buffer) => {
      if (over) return;
      try {
        taking = take(chunk);
        if (taking === undefined) return;
        body.pause();
        taking.then(() => body.resume(), fail);
      } catch (error) {
        fail(error);
      }
    });
    body.once('end', () => {
      if (!over) end(() => (answer.complete() ? void (taking ?? Promise.resolve()).then(resolve, reject) : reject(cutShort())));
    });
    body.once('error', (error) => end(() => reject(error)));
    body.once('close', () => {
      if (!over) end(() => reject(cutShort()));
    });
  });
}

/** Hands over what `from` yields, one after another. */
function each(from: Iterator<Gathered>, take: Take): Promise<void> | undefined {
  for (let next = from.next(); next.done !== true; next = from.next()) {
    let waiting: Promise<void> | undefined;
    try {
      waiting = take(next.value);
    } catch (cause) {
      throw new HandlerError('a handler threw', { cause });
    }
    if (waiting !== undefined) return waiting.then(() => each(from, take));
  }
  return undefined;
}

function both(one: Promise<void> | undefined, other: Promise<void> | undefined): Promise<void> | undefined {
  return one === undefined || other === undefined ? (one ?? other) : one.then(() => other);
}

function cutShort(): WireError {
  return new WireError('unreachable', 'the connection broke in the middle of an answer');
}
