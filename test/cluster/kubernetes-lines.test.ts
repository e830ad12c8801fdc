import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linesOf } from '../../src/cluster/kubernetes/lines.js'

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = start + (sizes[turn % sizes.length] ?? 1)
    yield bytes.subarray(start, end)
    start = end
  }
}

async function all(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<readonly string[]> {
  const found: string[] = []
  for await (const line of linesOf(chunks, maxBytes)) found.push(line)
  return found
}

const lines = (bytes: Buffer, sizes: readonly number[], maxBytes = 1000) => all(cut(bytes, sizes), maxBytes)

test('lines are the same however their bytes are cut', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map(text => text.replaceAll('\n', ' '))
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), sizes, async (texts, each) => {
      const bytes = Buffer.from(texts.map(text => `${text}\n`).join(''))
      expect(await lines(bytes, each)).toEqual(texts)
    }),
  )
})

test('what has no newline is no line', async () => {
  expect(await lines(Buffer.from('whole\n{"cut of'), [3])).toEqual(['whole'])
})

test('a line over the bound is refused, and not first kept', async () => {
  expect(await lines(Buffer.from(`${'x'.repeat(1000)}\n`), [64])).toHaveLength(1)
  await expect(lines(Buffer.from(`${'x'.repeat(1001)}\n`), [1002])).rejects.toThrow('over 1000 bytes')
  let given = 0
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      given++
      yield Buffer.alloc(100, 'x')
    }
  }
  await expect(all(endless(), 1000)).rejects.toThrow('over 1000 bytes')
  expect(given).toBe(11)
})
