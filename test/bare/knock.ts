/**
 * Servers in a namespace, and who gets through to them: with an answer, with a refusal, or with none.
 */
import { type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Namespace } from './namespace.js';

export interface Attempt {
  readonly to: string;
  readonly port: number;
  readonly protocol?: 'tcp' | 'udp';
  /** Which address of its own to come from; absent: as the routes say. */
  readonly from?: string;
}

/**
 * `seen as <address>`: by the server. `reset`: of TCP, as where nobody listens. `prohibited`: an ICMP error told so. `lost`: nothing within
 * half a second.
 */
export type Outcome = string;

/**
 * Servers for TCP and UDP that tell who they see, and go on every 20 ms: until the connection ends, and by UDP for three seconds. They end
 * with the namespace.
 */
export async function serve(namespace: Namespace, ports: readonly number[]): Promise<void> {
  const child = namespace.spawn([process.execPath, '-e', SERVER, ...ports.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await firstLine(child);
}

/** All at the same time. */
export async function knock(namespace: Namespace, attempts: readonly Attempt[]): Promise<Outcome[]> {
  return JSON.parse(await namespace.exec([process.execPath, '-e', CLIENT, JSON.stringify(attempts)])) as Outcome[];
}

interface Connection {
  /** When its client saw it end, by UDP when nothing had come for 200 ms; milliseconds of this process's `performance.now()`. */
  readonly ended: Promise<number>;
}

/** A connection that goes on. */
export async function connect(namespace: Namespace, attempt: Attempt): Promise<Connection> {
  const child = namespace.spawn([process.execPath, '-e', HOLDER, JSON.stringify(attempt)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await firstLine(child);
  return { ended: new Promise((resolve) => child.once('exit', () => resolve(performance.now()))) };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout !== null) createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', () => reject(new Error('it ended before it said anything')));
  });
}

const SERVER = `
const seen = (address) => 'seen as ' + address.replace('::ffff:', '') + '\\n';
const ready = process.argv.slice(1).map(Number).flatMap((port) => [
  new Promise((resolve) => require('net').createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(seen(socket.remoteAddress));
    const ticks = setInterval(() => socket.write('.'), 20);
    socket.on('close', () => clearInterval(ticks));
  }).listen(port, '::', resolve)),
  new Promise((resolve) => {
    const socket = require('dgram').createSocket('udp6');
    socket.on('error', () => undefined);
    socket.on('message', (_, { address, port }) => {
      const answer = () => socket.send(seen(address), port, address, () => undefined);
      answer();
      const ticks = setInterval(answer, 20);
      setTimeout(() => clearInterval(ticks), 3000);
    });
    socket.bind(port, resolve);
  }),
]);
Promise.all(ready).then(() => console.log('ready'));`;

const CLIENT = `
const named = ({ code }) => code === 'ECONNREFUSED' ? 'reset' : code === 'EHOSTUNREACH' || code === 'EACCES' ? 'prohibited' : String(code);
const tcp = ({ to, port, from }) => new Promise((resolve) => {
  const socket = require('net').connect({ host: to, port, localAddress: from });
  socket.setTimeout(500, () => socket.destroy(resolve('lost')));
  socket.once('data', (text) => socket.destroy(resolve(String(text).split('\\n')[0])));
  socket.once('error', (error) => resolve(named(error)));
});
const udp = ({ to, port, from }) => new Promise((resolve) => {
  const socket = require('dgram').createSocket(to.includes(':') ? 'udp6' : 'udp4');
  const end = (outcome) => { resolve(outcome); clearTimeout(timer); try { socket.close(); } catch {} };
  const timer = setTimeout(() => end('lost'), 500);
  socket.once('message', (text) => end(String(text).trim()));
  socket.on('error', (error) => end(named(error)));
  socket.bind(0, from, () => socket.connect(port, to, () => socket.send('who?')));
});
Promise.all(JSON.parse(process.argv[1]).map((each) => (each.protocol === 'udp' ? udp : tcp)(each)))
  .then((all) => console.log(JSON.stringify(all)));`;

const HOLDER = `
const { to, port, from, protocol } = JSON.parse(process.argv[1]);
const open = () => console.log('open');
if (protocol === 'udp') {
  const socket = require('dgram').createSocket('udp4');
  socket.once('message', open);
  let timer;
  socket.on('message', () => { clearTimeout(timer); timer = setTimeout(() => process.exit(), 200); });
  socket.on('error', () => undefined);
  socket.bind(0, from, () => socket.send('who?', port, to));
} else {
  const socket = require('net').connect({ host: to, port, localAddress: from });
  socket.once('data', open);
  socket.on('data', () => undefined);
  for (const end of ['error', 'close', 'end']) socket.once(end, () => process.exit());
}`;
