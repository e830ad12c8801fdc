import { expect, test } from 'vitest'
import { createSiblings } from '../../src/reconcile/wake/siblings.js'

const OWNER = 'PipelineRun/default/wide'

function family(size: number) {
  const siblings = createSiblings()
  for (let i = 0; i < size; i++) siblings.add(OWNER, `uid-${i}`)
  return siblings
}

test('the window grows with the children and stays when they end, because a look still costs as much', () => {
  const siblings = family(1_000)
  expect(siblings.windowMs(OWNER)).toBe(200)
  for (let i = 0; i < 999; i++) siblings.remove(OWNER, `uid-${i}`)
  expect(siblings.windowMs(OWNER)).toBe(200)
})

test('the end of the last child waits for nothing', () => {
  const siblings = family(1_000)
  for (let i = 0; i < 1_000; i++) siblings.remove(OWNER, `uid-${i}`)
  expect(siblings.windowMs(OWNER)).toBe(0)
})

test('a small pipeline never waits', () => {
  expect(family(4).windowMs(OWNER)).toBe(0)
  expect(createSiblings().windowMs(OWNER)).toBe(0)
})

test('a child that is told of twice is one child', () => {
  const siblings = createSiblings()
  for (let i = 0; i < 1_000; i++) siblings.add(OWNER, 'the same')
  expect(siblings.windowMs(OWNER)).toBe(0)
  siblings.remove(OWNER, 'another')
  siblings.remove(OWNER, 'the same')
  siblings.remove(OWNER, 'the same')
  expect(siblings.windowMs(OWNER)).toBe(0)
})
