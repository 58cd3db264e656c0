/**
 * All that happens to a federation and that its users must not notice, or not for long.
 */
import { back } from './back.js';
import { busy } from './busy.js';
import { crashes } from './crashes.js';
import { joins } from './joins.js';
import { links } from './links.js';
import { externalPeers } from './externalPeers.js';
import { planned } from './planned.js';
import { rolling } from './rolling.js';
import { losses, outages, repeat, type Row } from './row.js';
import { spread } from './spread.js';
import { tcp } from './tcp.js';
import { twoNodes } from './twoNodes.js';
import { manyFlows, watch } from './watch.js';
import { sleep } from '../lab/process.js';

/** What the measurement itself costs: a figure below this says nothing. */
const nothing: Row = {
  name: 'nothing happens',
  seconds: (rounds) => rounds * 4,
  async run(context) {
    const observed = await repeat('nothing happens', context, {
      once: () => watch(context.world, manyFlows(), () => sleep(2_000)),
      failed: ({ report }) => report.lost > 0,
    });
    return [...outages('nothing happens: outage', observed), ...losses('nothing happens: lost', observed, { max: { most: 0 } })];
  },
};

export const ROWS: readonly Row[] = [
  nothing,
  ...busy,
  ...crashes,
  ...twoNodes,
  tcp,
  ...planned,
  back,
  ...rolling,
  ...joins,
  ...spread,
  externalPeers,
  ...links,
];
