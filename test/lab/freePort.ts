/**
 * Ports for programs that are started a moment later. The kernel gives none of these to connections (`ip_local_port_range` begins at
 * 32768), so the only one who could take it meanwhile is another caller.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below are well-known ones and those of tests, above NodePorts. */
const RANGE = { from: 20_000, to: 30_000 } as const;
const TRIES = 100;
const given = new Set<number>();

/** Free on loopback; another one at each call. @throws if none is found. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port from ${RANGE.from} to ${RANGE.to}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
