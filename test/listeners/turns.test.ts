import { expect, test } from 'vitest'
import { createTurns } from '../../listeners/turns.js'

test('a slice goes on at once; after it, whatever else the process has to do comes first', async () => {
  let now = 0
  const turns = createTurns(() => now)
  const order: string[] = []
  const work = async (name: string) => {
    for (let step = 0; step < 3; step += 1) {
      await turns.next()
      order.push(`${name}${step}`)
      now += 2
    }
  }
  const other = () => setImmediate(() => order.push('other'))
  const done = work('a')
  other()
  await done
  // Two steps fit into the slice; the third had to let the other one pass.
  expect(order).toEqual(['a0', 'a1', 'other', 'a2'])
})

test('two that want to go on share the slices', async () => {
  let now = 0
  const turns = createTurns(() => now)
  const order: string[] = []
  let looks = 0
  let working = true
  const look = () => {
    looks += 1
    if (working) setImmediate(look)
  }
  setImmediate(look)
  const work = async (name: string) => {
    for (let step = 0; step < 4; step += 1) {
      await turns.next()
      order.push(name)
      now += 10
    }
  }
  await Promise.all([work('a'), work('b')])
  working = false
  expect(order).toHaveLength(8)
  expect(order.slice(0, 6).sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b'])
  // Each step used up a slice: the process looked around between any two.
  expect(looks).toBeGreaterThanOrEqual(6)
})
