/**
 * The UDP sockets of probing: one per own mesh address and source port. The port a probe is sent from chooses its path
 * (core/api/ports.ts, core/mesh/probing.ts).
 */
import { createSocket, type Socket } from 'node:dgram';
import type { MissingSocket } from '../../core/failover/socketProblems.js';
import type { Log } from '../../core/runtime/log.js';

export interface ProbeSockets {
  /**
   * From now on these are wanted, and no others. What cannot be opened yet, since its address is not there, is tried again at the next
   * call.
   */
  want(addresses: readonly string[], ports: readonly number[]): void;
  has(port: number): boolean;
  /** Those that could not be opened at the last try. */
  missing(): readonly MissingSocket[];
  /** Undeliverable packets are lost, as on any network. */
  send(from: number, to: { readonly address: string; readonly port: number }, packet: Uint8Array): void;
  /** Calls `run` when what has come was given to `onPacket`. */
  afterReading(run: () => void): void;
  onPacket(receive: (packet: Uint8Array, from: { readonly address: string; readonly port: number }) => void): void;
  close(): void;
}

interface Open {
  readonly socket: Socket;
  bound: boolean;
}

export function createProbeSockets(log: Log): ProbeSockets {
  const sockets = new Map<string, Open>();
  const missing = new Map<string, MissingSocket>();
  /** Ready to send, by family and port. */
  const bound: Readonly<Record<4 | 6, Map<number, Socket>>> = { 4: new Map(), 6: new Map() };
  let receive: Parameters<ProbeSockets['onPacket']>[0] = () => undefined;

  function open(address: string, port: number): void {
    const family = familyOf(address);
    // All that we send to is addresses: looking them up by node:dns costs as much as the rest of a send.
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      reuseAddr: true,
      lookup: (host, _options, found) => found(null, host, family),
    });
    const entry: Open = { socket, bound: false };
    const name = socketName(address, port);
    sockets.set(name, entry);
    socket.on('message', (packet, from) => receive(packet, from));
    socket.on('error', (error) => {
      // Sending to nowhere is an error of the packet, not of the socket.
      if (entry.bound) return;
      if (sockets.get(name) === entry) sockets.delete(name);
      socket.close();
      missing.set(name, { address, port, code: (error as NodeJS.ErrnoException).code ?? error.message });
      log.debug('A socket for probes cannot be opened yet', { address, port, reason: error.message });
    });
    socket.bind({ address, port }, () => {
      entry.bound = true;
      missing.delete(name);
      bound[family].set(port, socket);
      socket.unref();
    });
  }

  function shut(socket: Socket): void {
    for (const ports of [bound[4], bound[6]]) for (const [port, one] of ports) if (one === socket) ports.delete(port);
    socket.close();
  }

  return {
    want(addresses, ports) {
      const wanted = new Set(addresses.flatMap((address) => ports.map((port) => socketName(address, port))));
      for (const [name, { socket }] of sockets) {
        if (wanted.has(name)) continue;
        sockets.delete(name);
        shut(socket);
      }
      for (const name of missing.keys()) if (!wanted.has(name)) missing.delete(name);
      for (const address of addresses) for (const port of ports) if (!sockets.has(socketName(address, port))) open(address, port);
    },
    has: (port) => bound[4].has(port) || bound[6].has(port),
    missing: () => [...missing.values()],
    send(from, to, packet) {
      bound[familyOf(to.address)].get(from)?.send(packet, to.port, to.address, ignore);
    },
    // Node reads sockets between timers and this.
    afterReading: (run) => void setImmediate(run),
    onPacket(handler) {
      receive = handler;
    },
    close() {
      for (const { socket } of sockets.values()) shut(socket);
      sockets.clear();
    },
  };
}

function ignore(): void {
  // Undeliverable packets are lost, as on any network.
}

function socketName(address: string, port: number): string {
  return `${address} ${port}`;
}

function familyOf(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4;
}
