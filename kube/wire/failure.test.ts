import { describe, expect, test } from '@jest/globals';
import { failureFromError, failureFromResponse } from './failure.js';
import { WireError } from './transport.js';

const status = (code: number, reason: string, message = 'why'): string => JSON.stringify({ kind: 'Status', code, reason, message });

describe('what an answer means', () => {
  test.each<[number, string, string]>([
    [400, 'BadRequest', 'invalid'],
    [401, 'Unauthorized', 'unauthorized'],
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'notFound'],
    [409, 'Conflict', 'conflict'],
    [409, 'AlreadyExists', 'alreadyExists'],
    [410, 'Expired', 'gone'],
    [422, 'Invalid', 'invalid'],
    [429, 'TooManyRequests', 'tooMany'],
    [500, 'InternalError', 'server'],
    [503, 'ServiceUnavailable', 'server'],
    [504, 'Timeout', 'timeout'],
    [415, 'UnsupportedMediaType', 'other'],
  ])('%i %s is %s', (code, reason, kind) => {
    expect(failureFromResponse(code, status(code, reason), undefined)).toEqual({ kind, code, message: 'why' });
  });

  test.each<[string, string | undefined, number | undefined]>([
    ['seconds', '3', 3_000],
    ['nothing', undefined, undefined],
    ['no number', 'Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['more than a minute', '86400', 60_000],
    ['less than nothing', '-1', undefined],
  ])('Retry-After with %s', (_title, header, expected) => {
    expect(failureFromResponse(429, '', header).retryAfterMs).toBe(expected);
  });

  test.each(['<html>bad gateway</html>', '', '{"message": 3}', 'null'])('a body that is no Status (%j) is not quoted', (body) => {
    expect(failureFromResponse(502, body, undefined)).toEqual({ kind: 'server', code: 502, message: 'the API server answered 502' });
  });

  test('an endless message is cut', () => {
    expect(failureFromResponse(500, status(500, '', 'x'.repeat(1e6)), undefined).message).toHaveLength(1_000);
  });

  test('an error below HTTP is unreachable, unless it says otherwise', () => {
    expect(failureFromError(new Error('connect ECONNREFUSED'))).toEqual({ kind: 'unreachable', message: 'connect ECONNREFUSED' });
    expect(failureFromError(new WireError('timeout', 'late'))).toEqual({ kind: 'timeout', message: 'late' });
  });

  test("of OpenSSL's message only the reason is told", () => {
    const error = Object.assign(new Error('80BC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../a.c:350:\n'), {
      library: 'SSL routines',
      reason: 'wrong version number',
    });
    expect(failureFromError(error).message).toBe('TLS failed: wrong version number');
  });

  test('of several addresses that failed the first is named', () => {
    const error = new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]);
    expect(failureFromError(error).message).toBe('connect ECONNREFUSED ::1:1');
  });
});
