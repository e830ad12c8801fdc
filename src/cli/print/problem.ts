/** One problem of a manifest, for people: where, what, what to do. */
import { type Problem, problemText } from '../../resources/problem.js'
import { printable } from './style.js'

export function describeProblem(problem: Problem): string {
  const place = [problem.file, problem.line].filter(part => part !== undefined).join(':')
  const parts = [place, problem.object].filter(part => part !== undefined && part !== '')
  const text = printable([...parts, problemText(problem)].join(': '))
  return problem.hint === undefined ? text : `${text}\n  → ${printable(problem.hint)}`
}
