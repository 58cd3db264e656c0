/**
 * Whether Kilo's own agent runs on this host: a process `kg` in our network namespace, which both share with the host, or
 * Kilo's metrics on the port where they are by default (Kilo cmd/kg/main.go).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

/** How it shows, for people; undefined: it does not run. */
export async function kiloRuns(proc = '/proc', url = 'http://127.0.0.1:1107/metrics'): Promise<string | undefined> {
  return kiloProcess(proc) ?? (await kiloMetrics(url));
}

function kiloProcess(proc: string): string | undefined {
  const network = orNothing(() => readlinkSync(`${proc}/self/ns/net`));
  if (network === undefined) return undefined;
  const pid = readdirSync(proc).find((name) => /^[0-9]+$/.test(name) && isAgent(`${proc}/${name}`, network));
  return pid === undefined ? undefined : `process ${pid}, kg`;
}

/** `kg webhook` is a Deployment on some node, and touches none. */
function isAgent(folder: string, network: string): boolean {
  return orNothing(() => {
    if (readFileSync(`${folder}/comm`, 'utf8').trim() !== 'kg' || readlinkSync(`${folder}/ns/net`) !== network) return false;
    return !readFileSync(`${folder}/cmdline`, 'utf8').split('\0').includes('webhook');
  }) ?? false;
}

/** A process that has ended meanwhile has nothing to tell. The kernel answers from memory: to wait for a thread takes longer, and a buffer of 64 KiB each. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** By the module that serves our own metrics: a first `fetch` brings a client of its own along. */
async function kiloMetrics(url: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const said = await new Promise<string>((resolve, reject) => {
      get(url, { signal, agent: false }, (answer) => void text(answer).then(resolve, reject)).on('error', reject);
    });
    return /^kilo_/m.test(said) ? `its metrics answer on ${url}` : undefined;
  } catch {
    return undefined;
  }
}

const ANSWER_MS = 500;
