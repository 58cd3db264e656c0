/**
 * 200 packets/s, counted at their return.
 */

export interface PingFlow {
  readonly sent: number;
  readonly received: number;
}

type Exec = (argv: readonly string[], options: { readonly timeoutMs: number }) => Promise<string>;

export async function pingFlow(exec: Exec, target: readonly string[], count: number): Promise<PingFlow> {
  const output = await exec(['ping', '-q', '-c', String(count), '-i', '0.005', '-W', '2', ...target], { timeoutMs: 60_000 });
  const [, sent, received] = /([0-9]+) packets transmitted, ([0-9]+) received/.exec(output) ?? [];
  return { sent: Number(sent), received: Number(received) };
}
