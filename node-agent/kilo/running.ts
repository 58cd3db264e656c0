/**
 * Whether Kilo's own agent runs on this host: a process `kg` in our network namespace, which both share with the host, or
 * Kilo's metrics on the port where they are by default (Kilo cmd/kg/main.go).
 */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** How it shows, for people; undefined: it does not run. */
export async function kiloRuns(proc = '/proc', url = 'http://127.0.0.1:1107/metrics'): Promise<string | undefined> {
  return (await kiloProcess(proc)) ?? (await kiloMetrics(url));
}

async function kiloProcess(proc: string): Promise<string | undefined> {
  const network = await readlink(`${proc}/self/ns/net`).catch(() => undefined);
  if (network === undefined) return undefined;
  const pids = (await readdir(proc)).filter((name) => /^[0-9]+$/.test(name));
  const found = await Promise.all(pids.map((pid) => isAgent(`${proc}/${pid}`, network)));
  const pid = pids.find((_, index) => found[index] === true);
  return pid === undefined ? undefined : `process ${pid}, kg`;
}

/** `kg webhook` is a Deployment on some node, and touches none. */
async function isAgent(folder: string, network: string): Promise<boolean> {
  const name = await readFile(`${folder}/comm`, 'utf8').catch(() => '');
  if (name.trim() !== 'kg') return false;
  const [line, own] = await Promise.all([readFile(`${folder}/cmdline`, 'utf8').catch(() => ''), readlink(`${folder}/ns/net`).catch(() => '')]);
  return own === network && !line.split('\0').includes('webhook');
}

async function kiloMetrics(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    return /^kilo_/m.test(await answer.text()) ? `its metrics answer on ${url}` : undefined;
  } catch {
    return undefined;
  }
}

const ANSWER_MS = 500;
