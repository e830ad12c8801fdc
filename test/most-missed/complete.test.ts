/** Every one of the 60 rows of "Most-missed details" has a test that bears its number. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, SHARED } from '../helpers/cli.js'

const reference = readFileSync(join(SHARED, 'spec/tekton-features.md'), 'utf8')
const section = reference.split(/^## 34\. /m)[1] ?? ''
const rows = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number))

/** `34.<number>` at the beginning of a test's name, or of the name of a case in YAML. */
function numbersInTests(): ReadonlySet<number> {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  const texts = files
    .filter(file => /\.(test\.ts|yaml)$/.test(file))
    .map(file => readFileSync(join(ROOT, 'test', file), 'utf8'))
  const numbers = texts.flatMap(text =>
    [...text.matchAll(/(?:^|['"`])34\.(\d+) /gm)].map(([, number]) => Number(number)),
  )
  return new Set(numbers)
}

test('the rows are found', () => {
  expect(rows).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
})

test('each row is a test', () => {
  const tested = numbersInTests()
  expect(rows.filter(row => !tested.has(row))).toEqual([])
})
