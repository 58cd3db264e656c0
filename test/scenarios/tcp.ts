/**
 * TCP across a crash: the connection lives on, after a pause that TCP's own timers make longer than the outage.
 */
import { attempt, sleep, until } from '../lab/process.js';
import type { Figure } from '../bench/measure.js';
import { gatewayInUse } from './crashes.js';
import { figure, type Row, type RowContext } from './row.js';

const PORT = 5201;
const SECONDS = 8;
/** Less than the machine can do, so that a stall is the network's. */
const RATE = '20M';
const STEP = 0.1;
/** Milliseconds that it stalls at least: nobody finds a gateway silent sooner, and a connection that does not stall took another path. */
const STALLS = { min: { least: 200 } };

export const tcp: Row = { name: 'TCP across a crash', seconds: (rounds) => rounds * 14, run: acrossCrash };

interface Report {
  readonly error?: string;
  readonly intervals?: readonly { readonly sum: { readonly bytes: number } }[];
  readonly server_output_json?: Report;
}

async function acrossCrash({ world, rounds, note }: RowContext): Promise<readonly Figure[]> {
  const died: number[] = [];
  const stalls: number[] = [];
  const [from, to] = [world.node('east-a3').pod, world.node('west-c3').pod];
  for (let round = 1; round <= rounds; round += 1) {
    await world.calm('anew');
    const server = to.namespace.spawn(['iperf3', '--server', '--one-off', '--port', String(PORT), '--interval', String(STEP), '--json']);
    await until('iperf3 to listen', 5_000, async () =>
      (await to.namespace.exec(['ss', '-Hltn', `sport = :${PORT}`])) === '' ? undefined : true,
    );
    const client = attempt(
      from.namespace.inside([
        'iperf3',
        '--client',
        to.address,
        '--port',
        String(PORT),
        '--time',
        String(SECONDS),
        '--interval',
        String(STEP),
        '--bitrate',
        RATE,
        '--json',
        '--get-server-output',
      ]),
      { timeoutMs: (SECONDS + 20) * 1000 },
    );
    await sleep(2_000);
    await world.faults.silence(world.node(await gatewayInUse(world)));
    const { stdout } = await client;
    server.kill('SIGKILL');
    const report = JSON.parse(stdout === '' ? '{"error":"iperf3 said nothing"}' : stdout) as Report;
    // What the receiver counted: the sender's bytes may lie in a buffer.
    const received = (report.server_output_json?.intervals ?? []).map(({ sum }) => sum.bytes);
    const survived = report.error === undefined && received.slice(-10).some((bytes) => bytes > 0);
    died.push(survived ? 0 : 1);
    stalls.push(Math.round(longestRun(received) * STEP * 1000));
    const fate = survived ? 'lives' : `died: ${report.error ?? 'nothing more came'}`;
    note(`TCP across a crash ${round}/${rounds}: ${fate}, stalled for ${stalls.at(-1)} ms`);
  }
  return [
    ...figure('TCP across a crash: connections that died', 'connections', died, { max: { most: 0 } }),
    ...figure('TCP across a crash: longest stall', 'ms', stalls, STALLS),
  ];
}

/** Of intervals without a byte. */
function longestRun(received: readonly number[]): number {
  let [longest, run] = [0, 0];
  for (const bytes of received) {
    run = bytes === 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
