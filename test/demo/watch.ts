/**
 * A pod's own view of a Service, as it changes: a program in the pod asks for the page again and again and tells what it got,
 * and when. Pod and demo share a machine, so their clocks are one.
 */
import { start, until } from '../lab/process.js';
import type { Page } from './steps.js';

export interface Seen {
  /** Wall-clock milliseconds at the end of the request. */
  readonly at: number;
  /** Absent: no answer. */
  readonly page?: Page;
}

interface Watch {
  /** Milliseconds from `since` to the first request that ended thereafter and `matches`, with what it saw. @throws after a minute. */
  first(what: string, since: number, matches: (seen: Seen) => boolean): Promise<{ readonly ms: number; readonly seen: Seen }>;
  stop(): void;
}

/** Between the end of a request and the next one. */
const PAUSE_MS = 10;
const PATIENCE_MS = 60_000;

/** Every request resolves the name anew and opens a connection of its own. */
const PROGRAM = `
const ask = () => {
  let told = false;
  const tell = (page) => {
    if (told) return;
    told = true;
    console.log(JSON.stringify({ at: Date.now(), page }));
    setTimeout(ask, ${PAUSE_MS});
  };
  const request = require('http').get('http://web.demo', { agent: false, timeout: 500 }, (response) => {
    let text = '';
    response.on('data', (chunk) => { text += chunk; });
    response.on('end', () => { try { tell(JSON.parse(text)); } catch { tell(); } });
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => tell());
};
ask();
`;

/** `exec` is the command that runs a program in the pod. */
export function watchWeb(exec: readonly string[]): Watch {
  const child = start([...exec, 'node', '-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const all: Seen[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    all.push(...lines.map((line) => JSON.parse(line) as Seen));
  });
  return {
    async first(what, since, matches) {
      const seen = await until(what, PATIENCE_MS, () => all.find((each) => each.at >= since && matches(each)));
      return { ms: seen.at - since, seen };
    },
    stop: () => void child.kill(),
  };
}
