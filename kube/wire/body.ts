/**
 * The body of an answer: all of it, or line by line as it comes.
 */
import type { Clock } from '../../core/runtime/clock.js';
import { createLineSplitter } from './lines.js';
import { type WireAnswer, WireError } from './transport.js';

/** No honest answer is larger: lists are paged. */
const MAX_BODY_BYTES = 256 << 20;

/** Rejects when the body is cut short or larger than 256 MiB. */
export function readAll(answer: WireAnswer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.body.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      answer.cancel();
      reject(new WireError('server', `the answer is larger than ${MAX_BODY_BYTES >> 20} MiB`));
    });
    answer.body.once('end', () => {
      if (answer.complete()) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(cutShort());
    });
    answer.body.once('error', reject);
    answer.body.once('close', () => reject(cutShort()));
  });
}

/** What a line handler threw, to be told from a broken stream. */
export class LineHandlerError extends Error {}

export interface LineReading {
  /** Milliseconds without a byte after which the stream counts as dead. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Resolves at the clean end of the body. Once it has settled `onLine` is not called again, whatever still comes. */
export function readLines(answer: WireAnswer, onLine: (line: string) => void, reading: LineReading): Promise<void> {
  return new Promise((resolve, reject) => {
    let done = false;
    let cancelIdle = (): void => undefined;
    const finish = (error?: Error): void => {
      if (done) return;
      done = true;
      cancelIdle();
      reading.signal.removeEventListener('abort', abort);
      answer.cancel();
      if (error === undefined) resolve();
      else reject(error);
    };
    const abort = (): void => finish(new WireError('aborted', 'the request was given up'));
    const watchIdle = (): void => {
      cancelIdle();
      cancelIdle = reading.clock.after(reading.idleMs, () => finish(new WireError('timeout', `nothing came for ${reading.idleMs} ms`)));
    };
    const split = createLineSplitter((line) => {
      if (done) return;
      try {
        onLine(line);
      } catch (cause) {
        finish(new LineHandlerError('a line handler threw', { cause }));
      }
    });
    reading.signal.addEventListener('abort', abort, { once: true });
    watchIdle();
    answer.body.on('data', (chunk: Buffer) => {
      if (done) return;
      watchIdle();
      if (!split(chunk)) finish(new WireError('server', 'a line is longer than any object can be'));
    });
    answer.body.once('end', () => finish(answer.complete() ? undefined : cutShort()));
    answer.body.once('error', finish);
    answer.body.once('close', () => finish(cutShort()));
    if (reading.signal.aborted) abort();
  });
}

function cutShort(): WireError {
  return new WireError('unreachable', 'the connection broke in the middle of an answer');
}
