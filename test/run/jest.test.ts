import { expect, test } from '@jest/globals';
import { countTests } from './jest.js';

test('tests are counted by what became of them, and a file that cannot be loaded has failed as a whole', () => {
  const testResults = [
    {
      name: '/a.test.js',
      status: 'failed',
      assertionResults: [
        { fullName: 'a passes', status: 'passed' },
        { fullName: 'a fails', status: 'failed' },
        { fullName: 'a is skipped', status: 'pending' },
        { fullName: 'a is for later', status: 'todo' },
      ],
    },
    { name: '/b.test.js', status: 'failed', assertionResults: [] },
    { name: '/c.test.js', status: 'passed', assertionResults: [{ fullName: 'c passes', status: 'passed' }] },
  ];
  expect(countTests({ testResults })).toEqual({
    passed: 2,
    failed: ['a fails', '/b.test.js as a whole'],
    skipped: ['a is skipped', 'a is for later'],
  });
});

test('without a report nothing is counted', () => {
  expect(countTests(undefined)).toEqual({ passed: 0, failed: [], skipped: [] });
});
