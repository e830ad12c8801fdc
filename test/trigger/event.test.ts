import { expect, test } from 'vitest'
import { canonicalHeader, eventIdOf, readEvent } from '../../src/trigger/event.js'
import { derivedName, derivedUuid } from '../../src/trigger/names.js'
import { cases } from '../helpers/cases.js'
import { delivery, EVENT_ID, event } from './events.js'

const spellings = cases({
  'x-github-event': 'X-Github-Event',
  'X-GitHub-Event': 'X-Github-Event',
  'X-HUB-SIGNATURE-256': 'X-Hub-Signature-256',
  'ce-id': 'Ce-Id',
  'content type': 'content type',
  'x--y': 'X--Y',
  '1a-b': '1a-B',
})

test.each(spellings)('Go spells the header %s', (name, canonical) => {
  expect(canonicalHeader(name)).toBe(canonical)
})

test('an event has the headers of the request but not Host', () => {
  const { headers } = event({ headers: { Host: 'x', 'transfer-encoding': 'chunked', 'x-a': ['1', '2'] } })
  expect(headers).toEqual({ 'X-A': ['1', '2'] })
})

const urls = cases({
  '/hooks/ci/app': '/',
  '/hooks/ci/app?x=1': '/?x=1',
  '/hooks/ci/app/sub?x=1': '/sub?x=1',
  '/hooks/ci/app/': '/',
  '/?x=1': '/?x=1',
  '/hooks/ci/application': '/hooks/ci/application',
})

test.each(urls)('the URL below the listener of %s', (url, below) => {
  expect(event({ url }).url).toBe(below)
})

test('a replay has an id of its own, always the same', () => {
  expect(eventIdOf(EVENT_ID, 0)).toBe(EVENT_ID)
  expect(eventIdOf(EVENT_ID, 1)).toBe(eventIdOf(EVENT_ID, 1))
  expect(new Set([0, 1, 2].map(replay => eventIdOf(EVENT_ID, replay))).size).toBe(3)
  expect(readEvent(delivery({}), 1)).toMatchObject({ is: 'event', event: { id: eventIdOf(EVENT_ID, 1) } })
})

test('derived ids keep their texts apart', () => {
  expect(derivedUuid('a', 'bc')).not.toBe(derivedUuid('ab', 'c'))
  expect(derivedUuid('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('a derived name depends on each part of its seed, and on nothing else', () => {
  const seed = { deliveryId: 'd', replay: 0, trigger: 'ci/t#0', index: 0 }
  const names = [
    derivedName('run-', seed, 0),
    derivedName('run-', seed, 1),
    derivedName('run-', { ...seed, deliveryId: 'e' }, 0),
    derivedName('run-', { ...seed, replay: 1 }, 0),
    derivedName('run-', { ...seed, trigger: 'ci/t#1' }, 0),
    derivedName('run-', { ...seed, index: 1 }, 0),
  ]
  expect(new Set(names).size).toBe(6)
  for (const name of names) expect(name).toMatch(/^run-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  expect(derivedName('run-', seed, 0)).toBe(names[0])
})

test('a long generateName is cut so that the name fits a label', () => {
  const name = derivedName('x'.repeat(100), { deliveryId: 'd', replay: 0, trigger: 't', index: 0 }, 0)
  expect(name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/)
})

test('derived names have their five letters for ten thousand seeds', () => {
  const lengths = Array.from(
    { length: 10_000 },
    (_, index) => derivedName('', { deliveryId: 'd', replay: 0, trigger: 't', index }, 0).length,
  )
  expect(new Set(lengths)).toEqual(new Set([5]))
})

test('a form that says one name a million times is read in one go', () => {
  const headers = { 'content-type': ['application/x-www-form-urlencoded'] }
  const body = new TextEncoder().encode(`b=1&${'a=&'.repeat(1_000_000)}`)
  const reading = readEvent({ ...delivery({}), headers, body }, 0)
  expect(reading.is === 'event' && (reading.event.body as { a: readonly string[] }).a).toHaveLength(1_000_000)
})
