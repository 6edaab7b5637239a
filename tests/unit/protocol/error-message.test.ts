// The text of a thrown value.

import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { errorMessage } from '../../../protocol/error-message.ts';

test.each([
  ['an error', new Error('no space'), 'no space'],
  [
    'an error of another realm, as native packages make them',
    runInNewContext("new RangeError('no space')"),
    'no space',
  ],
  ['a text', 'no space', 'no space'],
  ['an object without a message', { message: 7 }, '[object Object]'],
  ['nothing', undefined, 'undefined'],
])('%s has its message, without a class', (_, thrown, text) => {
  expect(errorMessage(thrown)).toBe(text);
});
