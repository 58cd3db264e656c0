/**
 * The command line, as somebody calls it who has one kubeconfig.
 */
import { join } from 'node:path';
import { runCommand } from '../../cli/commands.js';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `folder`: has the kubeconfig, `config`. */
export async function runCli(folder: string, argv: readonly string[]): Promise<Ended> {
  let [out, err] = ['', ''];
  const code = await runCommand(argv, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    kubeconfigs: [join(folder, 'config')],
    environment: {},
    signal: new AbortController().signal,
  });
  return { code, out, err };
}
