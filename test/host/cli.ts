/**
 * The program under test, and what it answers by HTTP.
 */
import { fileURLToPath } from 'node:url';
import { run } from '../lab/process.js';

/** As it was compiled, or where the environment says that it is bundled. */
export const CLI = process.env['KILOFED_PROGRAM'] ?? fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** What the agent answers, asked from where `enter` leads: empty while it does not. By bash, which starts sooner than another Node. */
export async function httpGet(enter: readonly string[], path: string): Promise<string> {
  const script = `exec 3<>/dev/tcp/127.0.0.1/9107 && printf 'GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && cat <&3`;
  const answer = await run([...enter, 'bash', '-c', script]).catch(() => '');
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}
