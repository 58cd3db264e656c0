/**
 * What `kilofed node-agent --help` prints. A file of its own: an agent that runs does not load it.
 */
import { type Flag, FLAGS } from './flags.js';

/** Where the explanations begin. */
const COLUMN = 26;

export const HELP = `Usage: kilofed node-agent [options]

Joins this node to the mesh of its cluster: WireGuard interfaces and peers, routes, nexthop groups, firewall.
What it has set up stays in place when it ends, and the next start adopts it.

Options:
${flagsHelp()}

Examples:
  kilofed node-agent
  kilofed node-agent --print-plan                # what a run would change now
  kilofed node-agent --print-plan -o plan        # everything that this host should have
  kilofed node-agent --node-name a --server https://10.0.0.1:6443 --token-file token --ca-file ca.crt
  kilofed node-agent --clean-up

Exit codes: 0 finished, or stopped by a signal; 1 failed; 2 wrong flags.
`;

/** One per line, explained in a column of their own. */
function flagsHelp(): string {
  return Object.entries<Flag>(FLAGS)
    .map(([name, { short, value, about }]) => {
      const flag = `  ${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
      return `${flag.padEnd(COLUMN)}${about.replaceAll('\n', `\n${' '.repeat(COLUMN)}`)}`;
    })
    .join('\n');
}
