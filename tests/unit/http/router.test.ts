// The route of a path and a method.

import { describe, expect, test } from '@jest/globals';
import { decodeSegment, Router } from '../../../server/http/router.ts';
import { type Route, text } from '../../../server/http/types.ts';

function route(line: string): Route {
  const [method = '', path = ''] = line.split(' ');
  return { method, path, handle: () => Promise.resolve(text(200, line)) };
}

const router = new Router(
  [
    'GET /',
    'GET /:room',
    'PUT /:room',
    'GET /:room/events',
    'GET /events',
    'POST /events',
    'GET /help',
    'GET /api/0/buckets/',
    'GET /api/0/buckets/:id',
    'POST /api/0/buckets/:bucket',
    'DELETE /api/0/buckets/:id',
    'GET /api/0/buckets/:id/events/:event',
    'GET /api/:version/:x/count',
    'POST /api/0/special/count/more',
    'GET /-/assets/*',
    'GET /-/assets/exact',
    '* /relay/*',
    'POST /relay/own',
  ].map(route),
);

function found(line: string): string {
  const [method = '', path = ''] = line.split(' ');
  const match = router.find(method, path);
  if (!match.ok) return `${match.reply.status} ${match.reply.headers['allow'] ?? ''}`.trim();
  const params = [...match.params].map(([name, value]) => ` ${name}=${value}`).join('');
  return `${match.route.method} ${match.route.path}${params}`;
}

describe('the router', () => {
  test.each([
    ['GET /', 'GET /'],
    ['GET /team', 'GET /:room room=team'],
    ['HEAD /team', 'GET /:room room=team'],
    ['GET /events', 'GET /events'],
    ['GET /team/events', 'GET /:room/events room=team'],
    ['GET /api/0/buckets/', 'GET /api/0/buckets/'],
    ['GET /api/0/buckets', '404'],
    ['GET /api/0/buckets/b%2Fc%20d', 'GET /api/0/buckets/:id id=b/c d'],
    ['POST /api/0/buckets/b', 'POST /api/0/buckets/:bucket bucket=b'],
    ['DELETE /api/0/buckets/b', 'DELETE /api/0/buckets/:id id=b'],
    ['GET /api/0/buckets/b/events/7', 'GET /api/0/buckets/:id/events/:event id=b event=7'],
    // A literal segment without a matching route is skipped in favour of a parameter.
    ['GET /api/0/special/count', 'GET /api/:version/:x/count version=0 x=special'],
    ['GET /%68elp', 'GET /help'],
    ['GET /-/assets/exact', 'GET /-/assets/exact'],
    ['GET /-/assets/a/b.js', 'GET /-/assets/*'],
    ['GET /-/assets/', 'GET /-/assets/*'],
    ['GET /-/assets', 'GET /-/assets/*'],
    ['PATCH /relay/anything/at/all', '* /relay/*'],
    ['POST /relay/own', 'POST /relay/own'],
    ['GET /__proto__', 'GET /:room room=__proto__'],
    ['GET /%', 'GET /:room room=%'],
    ['GET /%ff', 'GET /:room room=%ff'],
  ])('%p is %p', (asked, answer) => {
    expect(found(asked)).toBe(answer);
  });

  test.each([
    // The most specific path decides alone.
    ['PUT /help', '405 GET, HEAD, OPTIONS'],
    ['PUT /events', '405 GET, HEAD, OPTIONS, POST'],
    ['OPTIONS /events', '204 GET, HEAD, OPTIONS, POST'],
    ['PATCH /api/0/buckets/b', '405 DELETE, GET, HEAD, OPTIONS, POST'],
    ['HEAD /api/0/special/count/more', '405 OPTIONS, POST'],
    ['GET /relay/own', '405 OPTIONS, POST'],
    ['GET /api', 'GET /:room room=api'],
    ['GET /api/', '404'],
    ['GET //', '404'],
    ['GET /a/b/c/d/e', '404'],
    ['GET http://evil.example/help', '404'],
    ['OPTIONS *', '404'],
  ])('%p is %p', (asked, answer) => {
    expect(found(asked)).toBe(answer);
  });

  test('decoding never throws', () => {
    expect(['a%20b', '%', '%zz', '%e2%82', '%c0%80', 'ü'].map(decodeSegment)).toEqual([
      'a b',
      '%',
      '%zz',
      '%e2%82',
      '%c0%80',
      'ü',
    ]);
  });
});

describe('a route that allows slashes', () => {
  const lenient = new Router([
    { ...route('POST /api/v1/users/:user/heartbeats'), allowsSlashes: true },
    { ...route('* /api/v1/*'), allowsSlashes: true },
    route('GET /:room'),
    route('GET /api/0/buckets'),
    route('GET /api/0/info/'),
  ]);
  test.each([
    ['POST', '/api/v1/users/me/heartbeats', 'me'],
    ['POST', '/api/v1/users/me/heartbeats/', 'me'],
    ['POST', '/api/v1//users/me/heartbeats', 'me'],
    ['POST', '//api/v1//users/me/heartbeats//', 'me'],
    ['POST', '/api/v1/users/me%2F/heartbeats/', 'me/'],
  ])('%s %s', (method, path, user) => {
    const match = lenient.find(method, path);
    expect(match.ok && [match.route.path, match.params.get('user')]).toEqual(['/api/v1/users/:user/heartbeats', user]);
  });

  test.each([
    '/api/0//buckets',
    '/api/0/buckets/',
    '//room',
    '/room/',
    '/api/0/info//',
  ])('leaves %s of another route as it is', (path) => {
    expect(lenient.find('GET', path)).toMatchObject({ ok: false, reply: { status: 404 } });
  });

  test('answers a method that it does not have as without slashes', () => {
    const strict = new Router([{ ...route('GET /a/b'), allowsSlashes: true }]);
    expect(strict.find('POST', '/a//b/')).toEqual(strict.find('POST', '/a/b'));
  });
});
