/** For `test.each(cases({ 'its name': {…} }))('%s', (_, one) => …)`: an object's keys cannot repeat, so names are unique. */
import { frozen } from './frozen.js'

export function cases<T>(table: Readonly<Record<string, T>>): [name: string, one: T][] {
  const rows = Object.entries(table)
  if (rows.length === 0) throw new Error('an empty table of cases tests nothing')
  return rows.map(([name, one]) => [name, frozen(one)])
}
