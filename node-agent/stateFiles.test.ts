import { expect, test } from '@jest/globals';
import { createHandClock, SILENT } from '../test/host/handClock.js';
import { createInputsSaver } from './stateFiles.js';

test('inputs are saved at once, then the latest every two seconds, and only what is new', async () => {
  const clock = createHandClock();
  const saved: string[] = [];
  const save = createInputsSaver(
    { saveInputs: ({ resolved }) => Promise.resolve(void saved.push(`${clock.now()} ${resolved['a'] ?? ''}`)) },
    { clock, log: SILENT },
  );
  const inputs = (a: string): Parameters<typeof save>[0] => ({
    inputs: { mesh: undefined, node: undefined, meshNodes: [], peers: [] },
    resolved: { a },
  });
  save(inputs('first'));
  await clock.advance(500);
  save(inputs('second'));
  save(inputs('third'));
  await clock.advance(3000);
  save(inputs('third'));
  await clock.advance(3000);
  save(inputs('fourth'));
  await clock.advance(100);
  expect(saved).toEqual(['0 first', '2000 third', '6500 fourth']);
});
