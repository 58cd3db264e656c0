/**
 * The content of `/api/v1/status`: members, pairs, links, services and problems.
 */
import type { Problem } from '../../core/api/problem.js';
import type { FederationStatus } from '../../core/api/status.js';
import type { QueueStats } from '../../core/workqueue/queue.js';
import type { Outcomes } from '../controllers/outcomes.js';
import type { Federation } from '../federation/federation.js';
import type { Links } from '../links/links.js';
import { linkStatus } from './linkStatus.js';
import { memberStatus } from './memberStatus.js';
import { pairStatus } from './pairStatus.js';
import { statusProblems } from './statusProblems.js';
import { serviceStatus } from './serviceStatus.js';

interface StatusInput {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly queueKind: 'memory' | 'redis';
  readonly queues: readonly QueueStats[];
  readonly federation: Federation;
  readonly links: Links;
  readonly outcomes: Outcomes;
  readonly sourceProblems: readonly Problem[];
}

export function federationStatus(input: StatusInput): FederationStatus {
  const { federation, outcomes, sourceProblems } = input;
  const degraded = input.queues.find((queue) => queue.degraded !== undefined)?.degraded;
  const pairs = pairStatus(input);
  const services = serviceStatus(input);
  return {
    hub: {
      version: input.version,
      uptimeSeconds: input.uptimeSeconds,
      queue: { kind: input.queueKind, ...(degraded !== undefined && { degraded }) },
    },
    members: federation
      .ids()
      .flatMap((id) => federation.member(id) ?? [])
      .map((member) => memberStatus(member, federation)),
    pairs,
    links: linkStatus(input),
    services,
    problems: statusProblems({ federation, links: input.links, outcomes, sourceProblems, degraded, pairs, services }),
  };
}
