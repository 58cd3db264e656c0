/**
 * Runs in a pod: one HTTP request every 20 ms, each by a connection of its own and a fresh look at DNS, and tells how they went.
 * Self-contained: a pod gets its compiled text.
 */
import { createServer, get } from 'node:http';

/** What came of the requests that began since the last answer, and have ended. */
export interface Requests {
  readonly answered: number;
  readonly failed: readonly { readonly beganMs: number; readonly why: string }[];
  /** When the answered ones began, ms, as runs without a failed one in between: first and last. */
  readonly runs: readonly (readonly [number, number])[];
  /** How many each server answered, by the name it gives. */
  readonly servers: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

const [url = '', port = '9000'] = process.argv.slice(-2);
const PERIOD_MS = 20;
let timeoutMs = 2000;
let ended: { readonly beganMs: number; readonly tookMs: number; readonly why?: string; readonly server?: string }[] = [];

setInterval(request, PERIOD_MS);

createServer((asked, answer) => {
  timeoutMs = Number(new URL(asked.url ?? '', 'http://x').searchParams.get('timeout') ?? timeoutMs);
  answer.end(JSON.stringify(take()));
}).listen(Number(port));

function request(): void {
  const beganMs = Date.now();
  let done = false;
  const end = (result: { readonly why?: string; readonly server?: string }): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    ended.push({ beganMs, tookMs: Date.now() - beganMs, ...result });
  };
  const asked = get(url, { agent: false, family: 4, headers: { connection: 'close' } }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('error', (error) => end({ why: error.message }));
    response.on('end', () => end(response.statusCode === 200 ? { server: text.trim() } : { why: `status ${response.statusCode}` }));
  });
  const timer = setTimeout(() => {
    end({ why: 'timeout' });
    asked.destroy();
  }, timeoutMs);
  asked.on('error', (error) => end({ why: error.message }));
}

function take(): Requests {
  const all = ended.toSorted((a, b) => a.beganMs - b.beganMs);
  ended = [];
  const runs: [number, number][] = [];
  const servers: Record<string, number> = {};
  let run: [number, number] | undefined;
  for (const { beganMs, why, server = '' } of all) {
    if (why !== undefined) {
      run = undefined;
      continue;
    }
    servers[server] = (servers[server] ?? 0) + 1;
    if (run === undefined) runs.push((run = [beganMs, beganMs]));
    run[1] = beganMs;
  }
  return {
    answered: all.filter(({ why }) => why === undefined).length,
    failed: all.flatMap(({ beganMs, why }) => (why === undefined ? [] : [{ beganMs, why }])),
    runs,
    servers,
    slowestMs: Math.max(0, ...all.map(({ tookMs }) => tookMs)),
  };
}
