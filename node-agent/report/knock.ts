/**
 * Asks a host whether it lives, though its agent may not: a packet to a UDP port at which nobody ever listens. The kernel there answers
 * that it is refused (the agent's firewall sees to it that no other firewall drops it unseen).
 */
import { createSocket } from 'node:dgram';
import { KNOCK_PORT } from '../../core/api/ports.js';
import { familyName } from '../../core/net/family.js';

/** True: the host answered within some time. */
export type Knock = (address: string) => Promise<boolean>;

export const knock: Knock = (address) =>
  new Promise((resolve) => {
    const socket = createSocket(familyName(address) === 'inet6' ? 'udp6' : 'udp4');
    const end = (answered: boolean): void => {
      clearTimeout(timer);
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), PATIENCE_MS);
    timer.unref();
    // Only a connected socket is told.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED'));
    socket.once('connect', () => socket.send(''));
    socket.connect(KNOCK_PORT, address);
  });

const PATIENCE_MS = 1000;
