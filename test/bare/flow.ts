/**
 * Numbered UDP packets from one pod to another and back: what was lost, and for how long nothing came.
 */
import { type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Pod } from './pod.js';
import { until } from '../lab/process.js';

export interface FlowReport {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** Milliseconds between the two answers that were furthest apart; 0 when fewer than two came. */
  readonly longestGapMs: number;
  /** The addresses from which the far end saw us come; one, and our own, when nothing on the way translates. */
  readonly seenAs: readonly string[];
}

export interface Flow {
  /** Ends the flow, waits for the answers under way, and reports. */
  stop(): Promise<FlowReport>;
}

const PORT = 7000;
const PROGRAM = fileURLToPath(new URL('flowProgram.js', import.meta.url));

/** Answers flows in `pod` from now on. */
export async function serveFlows(pod: Pod): Promise<void> {
  const child = pod.namespace.spawn([process.execPath, PROGRAM, 'serve', String(PORT)]);
  await firstLine(child);
}

/** Sends `packetsPerSecond` from `from` to `to` until stopped. */
export async function startFlow(from: Pod, to: Pod, packetsPerSecond: number): Promise<Flow> {
  const child = from.namespace.spawn([process.execPath, PROGRAM, 'send', to.address, String(PORT), String(packetsPerSecond)]);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the flow to start', 5_000, () => (output.includes('started') ? true : undefined));
  return {
    async stop() {
      child.kill('SIGINT');
      return until('the flow report', 5_000, () => {
        const report = /\{.*\}/.exec(output)?.[0];
        return report === undefined ? undefined : (JSON.parse(report) as FlowReport);
      });
    },
  };
}

/** Does one packet get there and back within `ms`? The source address the far end saw, or undefined. */
export async function reaches(from: Pod, to: Pod, ms = 1_000): Promise<string | undefined> {
  const output = await from.namespace.exec([process.execPath, PROGRAM, 'once', to.address, String(PORT), String(ms)], { timeoutMs: ms + 5_000 });
  return output.trim() === '' ? undefined : output.trim();
}

function firstLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`flow server ended with ${code}`)));
  });
}
