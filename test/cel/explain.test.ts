import { expect, test } from 'vitest'
import { TRIGGER_CEL } from '../../src/trigger/interceptors/cel.js'
import { frozen } from '../helpers/frozen.js'
import { yamlCases } from '../helpers/yaml.js'

const VALUES = frozen({
  body: {
    action: 'closed',
    ref: 'refs/heads/x',
    n: 5,
    list: [1, 2],
    many: Array.from({ length: 20 }, (_, index) => index),
    object: { a: 1 },
    deep: { token: 's3cret' },
    long: 'x'.repeat(500),
  },
  header: { 'X-Github-Event': ['push'], 'X-Gitlab-Token': ['tok'] },
  extensions: {},
  requestURL: '/',
})

test.each(yamlCases<string | null>(new URL('./explain.cases.yaml', import.meta.url)))('%s', (expression, expected) => {
  const given = { values: VALUES, equalsSecret: () => false }
  expect(TRIGGER_CEL.evaluate(expression, given)).not.toEqual({ is: 'json', value: true })
  expect(TRIGGER_CEL.explain(expression, given) ?? null).toBe(expected)
})
