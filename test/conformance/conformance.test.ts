/**
 * The conformance suite: one test for each rule of rules.ts that is not held elsewhere.
 */
import { addressTests } from './addresses.js';
import { conditionTests } from './conditions.js';
import { conflictTests } from './conflicts.js';
import { conformOn } from './conform.js';
import { lifecycleTests } from './lifecycle.js';
import { objectTests } from './objects.js';
import { orderTests } from './orders.js';
import { describeClusterset } from './world.js';

describeClusterset('the Multi-Cluster Services API', (set) => {
  const conform = conformOn(set);
  objectTests(conform);
  conditionTests(conform);
  conflictTests(conform);
  addressTests(conform);
  lifecycleTests(conform);
  orderTests(conform);
});
