/**
 * The node-agent's flags: what parses them, helps with them and completes them reads this table.
 */

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly default?: string | boolean;
  /** How the help calls its value. */
  readonly value?: string;
  /** The values that there are, where not any goes. */
  readonly choices?: readonly string[];
  /** May have several lines. */
  readonly about: string;
}

export const FLAGS = {
  'node-name': { type: 'string', value: 'NAME', about: 'name of the Node object (default: $NODE_NAME, else the host name)' },
  server: { type: 'string', value: 'URL', about: 'API server (default: that of the cluster this pod runs in)' },
  'token-file': { type: 'string', value: 'FILE', about: 'bearer token for --server' },
  'ca-file': { type: 'string', value: 'FILE', about: 'certificate authority of --server, PEM' },
  'key-file': { type: 'string', value: 'KEY-FILE', about: 'WireGuard private key, made when missing (default: STATE-DIR/key)' },
  'kilo-key-file': { type: 'string', value: 'FILE', about: "Kilo's, taken over when there is no KEY-FILE; '' for none (default: the host's /var/lib/kilo/key)" },
  'state-dir': { type: 'string', value: 'STATE-DIR', default: '/var/lib/kilofed', about: 'where to remember things (default: /var/lib/kilofed)' },
  listen: { type: 'string', value: 'ADDRESS:PORT', default: '127.0.0.1:9107', about: '/healthz and /metrics (default: 127.0.0.1:9107)' },
  'host-namespace': {
    type: 'string',
    value: 'PATH',
    about: `the host's first process, seen from a container with hostPID: /proc/1.
Userspace WireGuard is then started on the host; STATE-DIR must be the same path there`,
  },
  'cni-dir': { type: 'string', value: 'DIR', default: '/etc/cni/net.d', about: 'CNI configurations of the host, for Mesh.spec.cni (default: /etc/cni/net.d)' },
  'log-level': { type: 'string', value: 'LEVEL', choices: ['debug', 'info', 'warn', 'error'], default: 'info', about: 'debug, info, warn, error (default: info)' },
  'print-plan': { type: 'boolean', default: false, about: 'print what would be changed on this host, change nothing, and exit' },
  'clean-up': {
    type: 'boolean',
    default: false,
    about: `remove from this host everything that the agent set up, and what an agent of Kilo that
does not run any more left, and exit`,
  },
  help: { type: 'boolean', short: 'h', default: false, about: 'this text' },
} as const satisfies Record<string, Flag>;

/** One per line, explained in a column of their own. */
export function flagsHelp(): string {
  return Object.entries<Flag>(FLAGS).map(([name, { short, value, about }]) => {
    const flag = `  ${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    return `${flag.padEnd(COLUMN)}${about.replaceAll('\n', `\n${' '.repeat(COLUMN)}`)}`;
  }).join('\n');
}

const COLUMN = 26;
