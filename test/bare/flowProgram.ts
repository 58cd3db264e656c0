/**
 * What runs inside a pod's namespace for flow.ts: `serve PORT`, `send ADDRESS PORT PPS`, `once ADDRESS PORT MS`.
 *
 * A packet is its number in ASCII; the answer is the number and the address the server saw it come from.
 */
import { createSocket } from 'node:dgram';

const [mode, ...args] = process.argv.slice(2);
if (mode === 'serve') serve(Number(args[0]));
else if (mode === 'send') send(args[0] ?? '', Number(args[1]), Number(args[2]));
else once(args[0] ?? '', Number(args[1]), Number(args[2]));

function serve(port: number): void {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    socket.send(`${message.toString()} ${from.address}`, from.port, from.address, () => undefined);
  });
  socket.bind(port, () => process.stdout.write('listening\n'));
}

function send(address: string, port: number, packetsPerSecond: number): void {
  const socket = createSocket('udp4');
  const answered = new Set<number>();
  const seenAs = new Set<string>();
  let sent = 0;
  let last: number | undefined;
  let longestGapMs = 0;
  socket.on('message', (message) => {
    const [number = '', source = ''] = message.toString().split(' ');
    const now = performance.now();
    if (last !== undefined) longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
    answered.add(Number(number));
    seenAs.add(source);
  });
  socket.on('error', () => undefined);
  const begin = performance.now();
  // The pace is kept by the clock, not by the timer, whose ticks come late on a busy machine.
  const timer = setInterval(() => {
    const due = ((performance.now() - begin) / 1000) * packetsPerSecond;
    while (sent < due) socket.send(String(sent++), port, address, () => undefined);
  }, 1000 / packetsPerSecond);
  process.stdout.write('started\n');
  process.once('SIGINT', () => {
    clearInterval(timer);
    setTimeout(() => {
      const report = { sent, received: answered.size, lost: sent - answered.size, longestGapMs, seenAs: [...seenAs].toSorted() };
      process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
    }, 1_000);
  });
}

function once(address: string, port: number, ms: number): void {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  socket.on('message', (message) => {
    process.stdout.write(`${message.toString().split(' ')[1] ?? ''}\n`, () => process.exit(0));
  });
  const knock = (): void => socket.send('0', port, address, () => undefined);
  knock();
  setInterval(knock, 200);
  setTimeout(() => process.exit(0), ms);
}
