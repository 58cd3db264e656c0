import type { MissingSocket } from '../../core/failover/socketProblems.js';
import type { ProbePath } from '../../core/mesh/probing.js';
import { createHandClock, type HandClock } from '../host/handClock.js';
import { createKeyring, type Keyring } from '../../node-agent/probe/keyring.js';
import type { ProbeSockets } from '../../node-agent/probe/sockets.js';

export const PRIVATE: Readonly<Record<string, string>> = {
  '10.4.0.1': 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=',
  '10.4.0.2': 'oK56DE9Ue9zK76rAc8pBl6opph+1v36lm7cXXsQKrQM=',
  '10.4.0.3': 'EKG1SvgZZUBDmDVNGqXVKhW7eTeIJU7IS3xZmoA1xVY=',
};

interface Packet {
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
  readonly packet: Uint8Array;
}

export interface Network {
  readonly clock: HandClock;
  readonly packets: Packet[];
  /** Sockets that nobody gets. */
  missing: readonly MissingSocket[];
  /** Whether a packet gets through. */
  carries: (packet: Packet) => boolean;
  sockets(address: string): ProbeSockets;
  deliver(packet: Packet): void;
}

export function network(): Network {
  const hosts = new Map<string, { ports: readonly number[]; receive: (packet: Uint8Array, from: Packet['from']) => void }>();
  const self: Network = {
    clock: createHandClock(),
    packets: [],
    missing: [],
    carries: () => true,
    deliver: (packet) => hosts.get(packet.to.address)?.receive(packet.packet, packet.from),
    sockets(address) {
      const host = { ports: [] as readonly number[], receive: (_packet: Uint8Array, _from: Packet['from']): void => undefined };
      hosts.set(address, host);
      return {
        want: (_addresses, ports) => void (host.ports = ports),
        has: (port) => host.ports.includes(port),
        missing: () => self.missing,
        afterReading: (run) => run(),
        onPacket: (receive) => void (host.receive = receive),
        close: () => void hosts.delete(address),
        send(port, to, packet) {
          const sent = { from: { address, port }, to, packet };
          if (!host.ports.includes(port)) return;
          self.packets.push(sent);
          if (self.carries(sent)) self.clock.after(1, () => self.deliver(sent));
        },
      };
    },
  };
  return self;
}

const keyOf = (address: string): string => Buffer.from(keyring(address).publicKey).toString('base64');
export function keyring(address: string): Keyring {
  return createKeyring(PRIVATE[address] ?? '', { now: () => 0 });
}

export const target = (address: string): ProbePath['targets'][number] => ({
  name: address,
  publicKey: keyOf(address),
  address,
  segment: 'far',
});
