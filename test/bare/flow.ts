/**
 * Numbered UDP packets from pod to pod, one way or there and back, any number of flows at once: what was lost, and for how
 * long nothing came, as the receiving end saw it.
 *
 * One program per pod (flowProgram.ts) does it all. It runs with priority, so that a busy machine is not taken for a network
 * that delays.
 */
import { type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Pod } from './pod.js';
import { sleep } from '../lab/process.js';

/** Where a program runs that sends, answers and records. */
export interface FlowEnd {
  readonly address: string;
  readonly flows: FlowProgram;
}

export type FlowPod = Pod & FlowEnd;

interface FlowProgram {
  /** What the program answers. @throws when it does not within 10 s, or has ended. */
  tell<T>(command: Order): Promise<T>;
}

/** Which way is watched: there (the receiver records), or there and back (the sender records the answers). */
export type Direction = 'one-way' | 'two-way';

export interface FlowReport {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** The longest time without an arrival, from the first packet sent to the last, less the time between two packets; milliseconds. */
  readonly outageMs: number;
  /** When that began, milliseconds of the machine's clock (`monotonic`). */
  readonly outageAt: number;
  /** Every silence of more than 50 ms, in order. */
  readonly gaps: readonly Gap[];
  /** First and last number of each run that never came. */
  readonly losses: readonly (readonly [number, number])[];
  /** The addresses from which the far end saw us come; one, and our own, when nothing on the way translates. */
  readonly seenAs: readonly string[];
}

interface Gap {
  readonly at: number;
  readonly ms: number;
}

export interface Flow {
  /** Ends the flow, waits for the packets under way, and reports. */
  stop(): Promise<FlowReport>;
}

type Order =
  | {
      readonly do: 'send';
      readonly flow: string;
      readonly to: string;
      readonly port: number;
      readonly packetsPerSecond: number;
      readonly answered: boolean;
    }
  | { readonly do: 'stop'; readonly flow: string }
  | { readonly do: 'arrivals'; readonly flow: string }
  | { readonly do: 'ask'; readonly to: string; readonly port: number; readonly ms: number };

export type Command = Order & { readonly id: number };

export interface Reply {
  readonly id: number;
  readonly result: unknown;
}

export interface Sent {
  readonly sent: number;
  readonly began: number;
  readonly ended: number;
}

export interface Arrivals {
  /** Numbers that came, as first and last of each run. */
  readonly seen: readonly (readonly [number, number])[];
  readonly sources: readonly string[];
  readonly first: number;
  readonly last: number;
  readonly longest: Gap;
  readonly gaps: readonly Gap[];
}

const PORT = 7000;
const PROGRAM = fileURLToPath(new URL('flowProgram.js', import.meta.url));
const ANSWER_MS = 10_000;
/** How long packets may be under way. */
const UNDER_WAY_MS = 500;

/** Starts the program in `pod`; it ends with the pod. */
export async function withFlows(pod: Pod): Promise<FlowPod> {
  const child = pod.namespace.spawn(['nice', '-n', '-10', process.execPath, PROGRAM, String(PORT)], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { ...pod, flows: await programOf(child) };
}

/** The same wherever a command line can be run; the program's file need not be there. */
export async function flowsBy(spawn: (argv: readonly string[]) => ChildProcess): Promise<FlowProgram> {
  return programOf(spawn([process.execPath, '--input-type=module', '--eval', readFileSync(PROGRAM, 'utf8'), String(PORT)]));
}

/** Sends `packetsPerSecond` from `from` to `to` until stopped. */
export async function startFlow(from: FlowEnd, to: FlowEnd, packetsPerSecond: number, direction: Direction = 'two-way'): Promise<Flow> {
  const flow = `${from.address}>${to.address}/${Math.random().toString(36).slice(2)}`;
  const recorder = direction === 'one-way' ? to : from;
  await from.flows.tell({ do: 'send', flow, to: to.address, port: PORT, packetsPerSecond, answered: direction === 'two-way' });
  return {
    async stop() {
      const sent = await from.flows.tell<Sent>({ do: 'stop', flow });
      await sleep(UNDER_WAY_MS);
      return reportOf(sent, await recorder.flows.tell<Arrivals | null>({ do: 'arrivals', flow }), packetsPerSecond);
    },
  };
}

/** Does one packet get there and back within `ms`? The source address the far end saw, or undefined. */
export async function reaches(from: FlowEnd, to: Pick<Pod, 'address'>, ms = 1_000): Promise<string | undefined> {
  return (await from.flows.tell<string | null>({ do: 'ask', to: to.address, port: PORT, ms })) ?? undefined;
}

/** What became of the packets `sent`, of which `arrivals` came. */
export function reportOf(sent: Sent, arrivals: Arrivals | null, packetsPerSecond: number): FlowReport {
  const nothing = { at: sent.began, ms: sent.ended - sent.began };
  const pace = 1000 / packetsPerSecond;
  if (arrivals === null)
    return {
      sent: sent.sent,
      received: 0,
      lost: sent.sent,
      outageMs: nothing.ms,
      outageAt: nothing.at,
      gaps: [nothing],
      losses: [[0, sent.sent - 1]],
      seenAs: [],
    };
  const edges = [
    { at: sent.began, ms: arrivals.first - sent.began },
    { at: arrivals.last, ms: sent.ended - arrivals.last },
  ];
  const longest = [arrivals.longest, ...edges].reduce((a, b) => (b.ms > a.ms ? b : a));
  const losses = missing(arrivals.seen, sent.sent);
  const lost = losses.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return {
    sent: sent.sent,
    received: sent.sent - lost,
    lost,
    outageMs: Math.max(0, longest.ms - pace),
    outageAt: longest.at,
    gaps: [...arrivals.gaps, ...edges.filter(({ ms }) => ms > pace + 50)].toSorted((a, b) => a.at - b.at),
    losses,
    seenAs: arrivals.sources,
  };
}

/** Now, on the clock of the reports. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function missing(seen: Arrivals['seen'], sent: number): [number, number][] {
  const runs: [number, number][] = [];
  let next = 0;
  for (const [first, last] of [...seen, [sent, sent] as const]) {
    if (first > next) runs.push([next, first - 1]);
    next = last + 1;
  }
  return runs;
}

/** Resolves when it listens. */
async function programOf(child: ChildProcess): Promise<FlowProgram> {
  const waiting = new Map<number, (result: unknown) => void>();
  let count = 0;
  const answer = (id: number, what: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`the flow program ${why}: ${what}`));
      const timer = setTimeout(() => fail('did not answer'), ANSWER_MS);
      const onExit = (): void => fail('has ended');
      child.once('exit', onExit);
      waiting.set(id, (result) => {
        clearTimeout(timer);
        child.off('exit', onExit);
        waiting.delete(id);
        resolve(result);
      });
    });
  child.setMaxListeners(0);
  child.stdin?.on('error', () => undefined);
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { id, result } = JSON.parse(line) as Reply;
      waiting.get(id)?.(result);
    });
  }
  await answer(0, 'start');
  return {
    tell: <T>(order: Order) => {
      count += 1;
      const answered = answer(count, order.do);
      child.stdin?.write(`${JSON.stringify({ ...order, id: count })}\n`);
      return answered as Promise<T>;
    },
  };
}
