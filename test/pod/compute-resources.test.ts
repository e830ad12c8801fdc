import { expect, test } from 'vitest'
import { mergeResources, shareOf } from '../../src/pod/compute-resources.js'
import { divideQuantity, parseQuantity, requestsOverLimits } from '../../src/run/requests.js'

test.each([
  ['1', 1],
  ['500m', 0.5],
  ['1Gi', 1_073_741_824],
  ['1.5k', 1500],
  ['1e3', 1000],
  ['-2', -2],
  ['', undefined],
  ['1 Gi', undefined],
  ['Gi', undefined],
] as const)('quantity %j', (text, value) => {
  expect(parseQuantity(text)).toBe(value)
})

test('shares are whole: millis of CPU, bytes of the rest', () => {
  expect(divideQuantity('cpu', '1', 3)).toBe('333m')
  expect(divideQuantity('memory', '1Gi', 2)).toBe('536870912')
  expect(divideQuantity('memory', 'odd', 2)).toBe('odd')
  expect(shareOf({ limits: { cpu: '2' } }, 2)).toEqual({ requests: { cpu: '1000m' }, limits: { cpu: '2' } })
})

test('the later one wins, resource by resource', () => {
  const merged = mergeResources({ requests: { cpu: '1', memory: '1' } }, undefined, {
    requests: { cpu: '2' },
    limits: { a: 'b' },
  })
  expect(merged).toEqual({ requests: { cpu: '2', memory: '1' }, limits: { a: 'b' } })
  expect(mergeResources({}, undefined)).toBeUndefined()
})

test('a request above its limit is told in the words it was written in', () => {
  expect(requestsOverLimits([undefined, { requests: { cpu: '1000m' }, limits: { cpu: '1' } }])).toBeUndefined()
  expect(requestsOverLimits([{ requests: { memory: '2Gi' }, limits: { memory: '1Gi' } }])).toBe(
    'invalid request resource value: 2Gi must be less or equal to limit 1Gi',
  )
})
