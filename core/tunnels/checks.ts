/**
 * All tunnel checks. A new one is a file beside this one, with its tests, and a line here.
 */
import { type RunningCheck, start } from './check.js';
import { deadTunnel } from './deadTunnel.js';
import { dnsPeerTimeout } from './dnsPeerTimeout.js';
import { endpointCandidates } from './endpointCandidates.js';
import { externalPeerSessions } from './externalPeerSessions.js';
import { receiveStall } from './receiveStall.js';
import { roamedEndpoints } from './roamedEndpoints.js';

/** Repairs are carried out in this order. */
export const TUNNEL_CHECKS: readonly RunningCheck[] = [
  start(receiveStall),
  start(externalPeerSessions),
  start(deadTunnel),
  start(dnsPeerTimeout),
  start(endpointCandidates),
  start(roamedEndpoints),
];
