/** Every file in test/invalid is refused with exactly the messages in its head, and at the line it names. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { problemText } from '../../src/resources/problem.js'

const FOLDER = join(import.meta.dirname, '../invalid')
const files = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))

test('there are invalid manifests for every rule we know', () => {
  expect(files.length).toBeGreaterThanOrEqual(150)
})

test.each(files)('refuses %s', name => {
  const text = readFileSync(join(FOLDER, name), 'utf8')
  const expected = expectedIn(text)
  const answer = admitManifests([{ file: name, text }])
  if (answer.is === 'ok') throw new Error(`${name} was taken`)
  // Trailing blanks do not survive editors: a message with an empty path ends in one.
  expect(answer.problems.map(one => trimmed(problemText(one))).sort()).toEqual(expected.texts.map(trimmed).sort())
  expect(answer.problems.map(one => one.file)).toEqual(answer.problems.map(() => name))
  for (const { line } of answer.problems) expect(line).toBeGreaterThan(0)
  if (expected.line !== undefined) expect(answer.problems.map(one => one.line)).toEqual([expected.line])
})

function expectedIn(text: string): { readonly texts: readonly string[]; readonly line: number | undefined } {
  const texts: string[] = []
  let line: number | undefined
  for (const [, key, value = ''] of text.matchAll(/^# (expect|detail|line): (.*)$/gm)) {
    if (key === 'expect') texts.push(value)
    if (key === 'detail') texts.push(`${texts.pop()}\n${value}`)
    if (key === 'line') line = Number(value)
  }
  return { texts, line }
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}
