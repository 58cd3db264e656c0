/**
 * CoreDNS as a child process on loopback, which reads a real API server, and what it answers.
 */
import type { ChildProcess } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { writeFileSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import { binaryPath } from '../lab/binaries/locate.js';
import { freePort } from '../lab/freePort.js';
import { ended, start, until } from '../lab/process.js';

export interface CoreDnsPlaces {
  /** Of DNS, and of the plugin ready. */
  readonly port: number;
  readonly readyPort: number;
  /** The Corefile. */
  readonly file: string;
}

export interface CoreDns {
  /** Starts it anew with that Corefile; resolves when it answers. The lab's has no plugin reload. */
  restart(corefile: string): Promise<void>;
  /** Whether the plugin ready says so. */
  ready(): Promise<boolean>;
  /** The records, sorted; or the error, such as `ENOTFOUND` (NXDOMAIN) and `ENODATA` (no such record of a name that is there). */
  ask(type: RecordType, name: string): Promise<readonly string[] | string>;
  stop(): Promise<void>;
}

export type RecordType = 'A' | 'AAAA' | 'SRV' | 'TXT';

export async function coreDnsPlaces(folder: string): Promise<CoreDnsPlaces> {
  return { port: await freePort(), readyPort: await freePort(), file: `${folder}/Corefile` };
}

/** Resolves when it answers. */
export async function startCoreDns({ port, readyPort, file }: CoreDnsPlaces, corefile: string): Promise<CoreDns> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const ask: CoreDns['ask'] = async (type, name) => {
    try {
      return await records(resolver, type, name);
    } catch (error) {
      return isNativeError(error) && 'code' in error ? String(error.code) : String(error);
    }
  };
  const run = async (text: string): Promise<ChildProcess> => {
    writeFileSync(file, text);
    const child = start([binaryPath('coredns') ?? 'coredns', '-conf', file]);
    const asked = (): Promise<readonly string[] | string> => ask('TXT', 'dns-version.cluster.local');
    await until('CoreDNS to answer', 20_000, async () => (Array.isArray(await asked()) ? true : undefined));
    return child;
  };
  const stop = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
  };
  let running = await run(corefile);
  return {
    async restart(text) {
      await stop(running);
      running = await run(text);
    },
    async ready() {
      return (await fetch(`http://127.0.0.1:${readyPort}/ready`)).ok;
    },
    ask,
    async stop() {
      resolver.cancel();
      await stop(running);
    },
  };
}

async function records(resolver: Resolver, type: RecordType, name: string): Promise<readonly string[]> {
  if (type === 'A') return (await resolver.resolve4(name)).toSorted();
  if (type === 'AAAA') return (await resolver.resolve6(name)).toSorted();
  if (type === 'TXT') return (await resolver.resolveTxt(name)).flat();
  return (await resolver.resolveSrv(name)).map((each) => `${each.name}:${each.port}`).toSorted();
}
