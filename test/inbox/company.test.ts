import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCompany } from '../../src/inbox/company.js'

test('who is alone is alone, all get in, and whoever waits to be alone is not overtaken', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(3)), { maxLength: 40 }), async callers => {
      const company = createCompany()
      const inside = new Set<number>()
      const entered: number[] = []
      const enter = async (id: number, isAlone: boolean, turns: number) => {
        entered.push(id)
        inside.add(id)
        for (let turn = 0; turn <= turns; turn++) {
          await new Promise(resolve => setImmediate(resolve))
          if (isAlone) expect([...inside]).toEqual([id])
        }
        inside.delete(id)
        if (turns === 3) throw new Error('broken')
      }
      await Promise.allSettled(
        callers.map(([isAlone, turns], id) => company[isAlone ? 'alone' : 'together'](() => enter(id, isAlone, turns))),
      )
      expect(entered).toEqual(callers.map((_, id) => id))
    }),
    { numRuns: 100 },
  )
})

test('many are inside together', async () => {
  const company = createCompany()
  let inside = 0
  let open = () => {}
  const allThere = new Promise<void>(resolve => {
    open = resolve
  })
  const work = async () => {
    inside += 1
    if (inside === 3) open()
    await allThere
  }
  await Promise.all([1, 2, 3].map(() => company.together(work)))
  expect(inside).toBe(3)
})
