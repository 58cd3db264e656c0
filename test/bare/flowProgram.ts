/**
 * What runs inside a pod's namespace for flow.ts: sends, answers and records any number of flows. It is told what to do by
 * lines of JSON on standard input, and gives one line of JSON for each on standard output.
 *
 * A packet is text: what it is, its flow, its number; an answer also has the address from which the question was seen to come.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';
import type { Arrivals, Command, Reply, Sent } from './flow.js';

const ASK = '?';
const ANSWER = '!';
const ONE_WAY = '>';
/** Shorter silences are not kept, except for the longest. */
const NOTABLE_MS = 50;

interface Recorded {
  readonly seen: Set<number>;
  readonly sources: Set<string>;
  first: number | undefined;
  last: number;
  longest: { at: number; ms: number };
  readonly gaps: { readonly at: number; readonly ms: number }[];
}

interface Sending {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
  readonly began: number;
  sent: number;
}

const records = new Map<string, Recorded>();
const sendings = new Map<string, Sending>();

listen(Number(process.argv.at(-1)));
createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line) as Command;
  void carryOut(command).then((result) => say({ id: command.id, result }));
});

async function carryOut(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'send':
      return send(command);
    case 'stop':
      return stop(command.flow);
    case 'arrivals':
      return take(command.flow);
    default:
      return ask(command);
  }
}

function listen(port: number): void {
  let listening = 0;
  for (const type of ['udp4', 'udp6'] as const) {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.on('message', (message, from) => {
      const [kind, flow = '', number] = message.toString().split(' ');
      if (kind === ASK) socket.send(`${ANSWER} ${flow} ${number} ${from.address}`, from.port, from.address, () => undefined);
      else record(flow, Number(number), from.address);
    });
    socket.bind(port, () => {
      listening += 1;
      if (listening === 2) say({ id: 0, result: null });
    });
  }
}

function send({ flow, to, port, packetsPerSecond, answered }: Extract<Command, { do: 'send' }>): null {
  // Not connected: the kernel would give a socket that is the ICMP errors of earlier packets instead of sending the next.
  const socket = socketTo(to);
  hearAnswers(socket);
  const began = now();
  const kind = answered ? ASK : ONE_WAY;
  const sending: Sending = {
    socket,
    began,
    sent: 0,
    // The pace is kept by the clock, not by the timer, whose ticks come late on a busy machine.
    timer: setInterval(() => {
      const due = ((now() - began) / 1000) * packetsPerSecond;
      while (sending.sent < due) socket.send(`${kind} ${flow} ${sending.sent++}`, port, to, () => undefined);
    }, 1000 / packetsPerSecond),
  };
  sendings.set(flow, sending);
  return null;
}

function stop(flow: string): Sent {
  const sending = sendings.get(flow);
  if (sending === undefined) throw new Error(`no flow ${flow}`);
  clearInterval(sending.timer);
  // Answers under way are still heard for a while.
  setTimeout(() => {
    sending.socket.close();
    sendings.delete(flow);
  }, 2_000);
  return { sent: sending.sent, began: sending.began, ended: now() };
}

function ask({ to, port, ms }: Extract<Command, { do: 'ask' }>): Promise<string | null> {
  const socket = socketTo(to);
  return new Promise((resolve) => {
    const knock = (): void => socket.send(`${ASK} ask 0`, port, to, () => undefined);
    const timer = setInterval(knock, 200);
    const finish = (source: string | null): void => {
      clearInterval(timer);
      clearTimeout(limit);
      socket.close();
      resolve(source);
    };
    const limit = setTimeout(() => finish(null), ms);
    socket.once('message', (message) => finish(message.toString().split(' ')[3] ?? null));
    knock();
  });
}

function hearAnswers(socket: Socket): void {
  socket.on('message', (message) => {
    const [kind, flow = '', number, source = ''] = message.toString().split(' ');
    if (kind === ANSWER) record(flow, Number(number), source);
  });
}

function record(flow: string, number: number, source: string): void {
  const at = now();
  const known = records.get(flow);
  if (known === undefined) {
    records.set(flow, { seen: new Set([number]), sources: new Set([source]), first: at, last: at, longest: { at, ms: 0 }, gaps: [] });
    return;
  }
  const ms = at - known.last;
  if (ms > known.longest.ms) known.longest = { at: known.last, ms };
  if (ms >= NOTABLE_MS) known.gaps.push({ at: known.last, ms });
  known.last = at;
  known.seen.add(number);
  known.sources.add(source);
}

/** What was recorded of a flow, which is then forgotten. */
function take(flow: string): Arrivals | null {
  const known = records.get(flow);
  records.delete(flow);
  if (known === undefined) return null;
  const { seen, sources, first, last, longest, gaps } = known;
  return { seen: rangesOf(seen), sources: [...sources].toSorted(), first: first ?? last, last, longest, gaps };
}

function rangesOf(numbers: ReadonlySet<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].toSorted((a, b) => a - b)) {
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === number - 1) open[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

function socketTo(address: string): Socket {
  return createSocket(address.includes(':') ? 'udp6' : 'udp4').on('error', () => undefined);
}

/** Milliseconds since the machine started: the same clock in every process. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function say(reply: Reply): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
