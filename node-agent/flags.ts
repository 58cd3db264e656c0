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
  'key-file': { type: 'string', value: 'KEY-FILE', about: 'WireGuard private key, generated if missing (default: STATE-DIR/key)' },
  'kilo-key-file': {
    type: 'string',
    value: 'FILE',
    about: "Kilo's key, copied if KEY-FILE is missing; '' for none (default: the host's /var/lib/kilo/key)",
  },
  'state-dir': {
    type: 'string',
    value: 'STATE-DIR',
    default: '/var/lib/kilofed',
    about: 'what it remembers across restarts (default: /var/lib/kilofed)',
  },
  listen: { type: 'string', value: 'ADDRESS:PORT', default: '127.0.0.1:9107', about: '/healthz and /metrics (default: 127.0.0.1:9107)' },
  'host-namespace': {
    type: 'string',
    value: 'PATH',
    about: `the host's first process, seen from a container with hostPID: /proc/1.
Userspace WireGuard is then started on the host; STATE-DIR must be the same path there`,
  },
  wireguard: {
    type: 'string',
    value: 'MODE',
    choices: ['auto', 'kernel', 'userspace'],
    default: 'auto',
    about: `WireGuard of new devices: kernel, userspace (wireguard-go), or auto, which takes that
of the kernel if there is one (default: auto)`,
  },
  'cni-dir': {
    type: 'string',
    value: 'DIR',
    default: '/etc/cni/net.d',
    about: 'CNI configurations of the host, for Mesh.spec.cni (default: /etc/cni/net.d)',
  },
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    choices: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    about: 'debug, info, warn, error (default: info)',
  },
  'print-plan': { type: 'boolean', default: false, about: 'print the plan of this node, change nothing, and exit' },
  output: {
    type: 'string',
    short: 'o',
    value: 'FORMAT',
    choices: ['changes', 'plan', 'json'],
    default: 'changes',
    about: `format of --print-plan. changes: what a run would change now; plan: everything that
this host should have, as tables; json: the same for programs (default: changes)`,
  },
  'clean-up': {
    type: 'boolean',
    default: false,
    about: `remove everything that this agent has set up on the host, and what a Kilo agent that
no longer runs has left; then exit`,
  },
  purge: {
    type: 'boolean',
    default: false,
    about: `with --clean-up: the key, the state folder and the control groups, too. The node is a
new one to all others, should it ever come back`,
  },
  help: { type: 'boolean', short: 'h', default: false, about: 'show this help' },
} as const satisfies Record<string, Flag>;
