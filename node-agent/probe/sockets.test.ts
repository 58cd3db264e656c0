import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { SILENT } from '../../test/host/handClock.js';
import { createProbeSockets } from './sockets.js';

const sockets = createProbeSockets(SILENT);
afterEach(() => sockets.close());

/** Somebody else's, on a port that was free. */
async function taken(): Promise<{ readonly other: Socket; readonly port: number }> {
  const other = createSocket('udp4').bind(0, '127.0.0.1');
  await once(other, 'listening');
  return { other, port: other.address().port };
}

/** Asks for sockets, as often as it takes, until `done`; a few times, if nothing is awaited. */
async function want(address: string, ports: readonly number[], done: () => boolean): Promise<void> {
  for (let time = 0; time < 100 && !done(); time += 1) {
    sockets.want([address], ports);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a port that something else has is missing until it has gone', async () => {
  const { other, port } = await taken();
  await want('127.0.0.1', [port], () => sockets.missing().length > 0);
  expect(sockets.missing()).toEqual([{ address: '127.0.0.1', port, code: 'EADDRINUSE' }]);
  expect(sockets.has(port)).toBe(false);
  other.close();
  await want('127.0.0.1', [port], () => sockets.has(port));
  expect(sockets.missing()).toEqual([]);
});

test('so is one on an address that is not there, until it is not wanted any more', async () => {
  await want('192.0.2.1', [51_810], () => sockets.missing().length > 0);
  expect(sockets.missing()).toEqual([{ address: '192.0.2.1', port: 51_810, code: 'EADDRNOTAVAIL' }]);
  sockets.want([], []);
  expect(sockets.missing()).toEqual([]);
});
