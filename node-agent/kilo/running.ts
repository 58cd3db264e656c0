/**
 * Whether Kilo's own agent runs on this host: a process `kg` in our network namespace, which both share with the host, or
 * Kilo's metrics on the port where they are by default (Kilo cmd/kg/main.go).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

/** Evidence that it runs, for people; undefined: it does not run. */
export async function kiloRuns(proc = '/proc', url = 'http://127.0.0.1:1107/metrics'): Promise<string | undefined> {
  return kiloProcess(proc) ?? (await kiloMetrics(url));
}

function kiloProcess(proc: string): string | undefined {
  const network = orNothing(() => readlinkSync(`${proc}/self/ns/net`));
  if (network === undefined) return undefined;
  const pid = readdirSync(proc).find((name) => /^[0-9]+$/.test(name) && isAgent(`${proc}/${name}`, network));
  return pid === undefined ? undefined : `process ${pid}, kg`;
}

/** `kg webhook` is a Deployment on some node, and changes none. */
function isAgent(folder: string, network: string): boolean {
  return (
    orNothing(() => {
      if (readFileSync(`${folder}/comm`, 'utf8').trim() !== 'kg' || readlinkSync(`${folder}/ns/net`) !== network) return false;
      return !readFileSync(`${folder}/cmdline`, 'utf8').split('\0').includes('webhook');
    }) ?? false
  );
}

/**
 * Without processes that have ended meanwhile. Synchronous, since the kernel answers from memory: a thread and a buffer of 64 KiB for each
 * would cost more than the wait.
 */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** With the module that serves our own metrics, since a first `fetch` would load another client. */
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
