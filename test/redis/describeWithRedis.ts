/**
 * Suites of tests that need a redis-server.
 */
import { describe, test } from '@jest/globals';
import { redisProgram } from './server.js';

/**
 * Like `describe`, where there is a redis-server. Where there is none the suite is skipped and its name says so; in CI (`CI` in
 * the environment) it fails.
 */
export function describeWithRedis(title: string, body: () => void): void {
  if (redisProgram !== undefined) {
    describe(title, body);
    return;
  }
  const reason = `${title}: needs redis-server: run \`make setup\``;
  if (process.env['CI'] === undefined) describe.skip(`SKIPPED ${reason}`, body);
  else
    test(reason, () => {
      throw new Error('redis-server is not installed');
    });
}
