/** `object.key`, `object[key]` and `has(object.key)`. */
import { shortened } from '../lib/shortened.js'
import { CelProblem } from './problem.js'
import { entryOf, isList, isMap, kindOf, mapKey, type Value } from './values.js'

export function memberOf(object: Value, key: Value): Value {
  if (isList(object)) {
    const place = placeIn(key)
    const element = object[place]
    if (element === undefined) throw new CelProblem(`index out of bounds: ${place}`)
    return element
  }
  const member = isMap(object) ? entryOf(object, key) : undefined
  if (member === undefined) throw new CelProblem(`no such key: ${keyText(key)}`)
  return member
}

export function hasMember(object: Value, field: string): boolean {
  if (isList(object)) return placeIn(field) < object.length
  return isMap(object) && entryOf(object, field) !== undefined
}

function placeIn(key: Value): number {
  const place = mapKey(key)
  if (typeof key === 'number' && place === undefined) throw new CelProblem(`unsupported index value ${key} in list`)
  if (typeof place !== 'bigint') throw new CelProblem(`unsupported index type '${kindOf(key)}' in list`)
  return Number(place)
}

function keyText(key: Value): string {
  return shortened(String(mapKey(key) ?? kindOf(key)), 200)
}
