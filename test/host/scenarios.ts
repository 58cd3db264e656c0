/**
 * Everything that is tried on a real kernel, by name. Each runs alone in a world (world.ts) and returns plain data.
 */
import { adopt } from './adopt.js';
import { container } from './container.js';
import { drift } from './drift.js';
import { failing } from './failing.js';
import { forward } from './forward.js';
import { hostFirewall } from './hostFirewall.js';
import { ipip } from './ipip.js';
import { join } from './join.js';
import { kiloCleanUp, kiloTakeOver } from './kilo.js';
import { masquerade } from './masquerade.js';
import { members } from './members.js';
import { nat } from './nat.js';
import { presetNode } from './presetNode.js';
import { restart } from './restart.js';
import { scale } from './scale.js';
import { sessions } from './sessions.js';

export const SCENARIOS: Readonly<Record<string, (argument: string) => Promise<unknown>>> = {
  adopt,
  container,
  drift,
  failing,
  forward,
  hostFirewall,
  ipip,
  join,
  kiloCleanUp,
  kiloTakeOver,
  masquerade,
  members,
  nat,
  presetNode,
  restart,
  scale,
  sessions,
};
