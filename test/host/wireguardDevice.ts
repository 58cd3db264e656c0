/**
 * A WireGuard device in either form: what tells it from one that was made anew, and how somebody else takes it away.
 */
import { run } from '../lab/process.js';
import { findProcess, signal } from '../lab/signal.js';
import { WIREGUARD } from '../lab/wireguard.js';

/** Its index, and in userspace its process. @throws when it is not there. */
export async function identityOf(device: string): Promise<string> {
  const [index = ''] = (await run(['ip', '-o', 'link', 'show', 'dev', device])).split(':');
  return WIREGUARD === 'kernel' ? `link ${index}` : `link ${index} of process ${processOf(device)}`;
}

export async function takeAway(device: string): Promise<void> {
  if (WIREGUARD === 'kernel') await run(['ip', 'link', 'delete', device]);
  else signal(processOf(device), 'SIGKILL');
}

function processOf(device: string): string {
  return findProcess(`wireguard-go --foreground ${device}`);
}
