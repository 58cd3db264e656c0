/**
 * The inside of a world: `scenarioProgram.js <scenario> [argument]` prints the scenario's result as JSON.
 */
import { run } from '../lab/process.js';
import { SCENARIOS } from './scenarios.js';

const [name = '', argument = ''] = process.argv.slice(2);
const scenario = SCENARIOS[name];
if (scenario === undefined) throw new Error(`no scenario ${name}`);
// Control sockets and the agent's state must not be shared with anything outside.
await run(['mkdir', '-p', '/run/wireguard', '/var/lib/kilofed']);
await run(['mount', '-t', 'tmpfs', 'tmpfs', '/run/wireguard']);
await run(['mount', '-t', 'tmpfs', 'tmpfs', '/var/lib/kilofed']);
await run(['ip', 'link', 'set', 'lo', 'up']);
process.stdout.write(JSON.stringify(await scenario(argument)));
process.exit(0);
