/**
 * Sockets for probes that cannot be opened, as problems of their node. While it lacks one, it probes and answers nothing there, so others
 * take it for dead.
 */
import type { Problem } from '../api/problem.js';

export interface MissingSocket {
  readonly address: string;
  readonly port: number;
  /** What the kernel said, e.g. EADDRINUSE. */
  readonly code: string;
}

/** One problem for each thing that the kernel said. */
export function socketProblems(node: string, missing: readonly MissingSocket[]): readonly Problem[] {
  return [...new Set(missing.map(({ code }) => code))].map((code) => {
    const all = missing.filter((one) => one.code === code);
    const ports = [...new Set(all.map(({ port }) => port))].join(', ');
    const addresses = [...new Set(all.map(({ address }) => address))].join(', ');
    const remedy = remedyFor(code, ports);
    const lack = `UDP port ${ports} cannot be had on ${addresses}${remedy === undefined ? `: ${code}` : ''}`;
    return {
      subject: { kind: 'node', name: node },
      reason: 'NoProbeSocket',
      message: `the node cannot be probed, so others do not use it, and it cannot tell which paths work: ${lack}`,
      ...(remedy === undefined ? {} : { remedy }),
    };
  });
}

function remedyFor(code: string, ports: string): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `something else has it (ss -ulnp tells what; UDP ${ports} must be free): end it`;
    case 'EADDRNOTAVAIL':
      return 'the address is not on this host: /healthz and the log say why';
    default:
      return undefined;
  }
}
