import { expect, test } from 'vitest'
import type { Secret } from '../../src/resources/core.js'
import { secretValue } from '../../src/trigger/secrets.js'

const SECRETS = new Map([['ci/hook', { data: { token: 'aHVzaA==', empty: '' } } as unknown as Secret]])

test.each([
  ['hook', 'token', { is: 'value', value: 'hush' }],
  ['hook', 'empty', { is: 'missing', message: 'error getting secret: key empty of secret ci/hook is empty' }],
  [
    'hook',
    'constructor',
    { is: 'missing', message: 'error getting secret: cannot find constructor key in secret ci/hook' },
  ],
  ['other', 'token', { is: 'missing', message: 'error getting secret: secrets "ci/other" not found' }],
])('secret %s, key %s', (secretName, secretKey, expected) => {
  expect(secretValue(SECRETS, 'ci', { secretName, secretKey })).toEqual(expected)
})
