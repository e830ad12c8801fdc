/** Search in all of a log, with a place among what was found. */
import { useCallback, useEffect, useState } from 'react'
import type { Found, LogSource } from './log-source.js'

/** Who types is not asked after each letter. */
const TYPING_MS = 250

export interface LogSearch {
  readonly sought: string
  readonly setSought: (text: string) => void
  /** Undefined: nothing is sought, or the answer is on its way. */
  readonly found: Found | undefined
  /** The line that one is at. */
  readonly current: number | undefined
  /** Its place among all, from 1. */
  readonly place: number
  readonly problem: string
  /** Behind the line one is at, or from `from` on when one is at none. */
  readonly step: (by: 1 | -1, from: number) => number | undefined
}

/** @param size of the log: what was written meanwhile is searched, too, once it ended */
export function useLogSearch(source: LogSource, isFinished: boolean): LogSearch {
  const [sought, setText] = useState('')
  const [answer, setAnswer] = useState<{ sought: string; found?: Found; problem?: string }>({ sought: '' })
  const [current, setCurrent] = useState<number>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of a log is a reason to search it again
  useEffect(() => {
    if (sought === '') return
    const left = new AbortController()
    const timer = setTimeout(() => {
      source.search(sought, left.signal).then(
        found => setAnswer({ sought, found }),
        error => left.signal.aborted || setAnswer({ sought, problem: String(error.message ?? error) }),
      )
    }, TYPING_MS)
    return () => {
      clearTimeout(timer)
      left.abort()
    }
  }, [source, sought, isFinished])
  const own = answer.sought === sought && sought !== '' ? answer : { sought }
  const found = own.found
  const setSought = useCallback((text: string) => {
    setText(text)
    setCurrent(undefined)
  }, [])
  function step(by: 1 | -1, from: number): number | undefined {
    const lines = found?.lines ?? []
    const at = current ?? from - by
    const line =
      by === 1 ? (lines.find(each => each > at) ?? lines[0]) : (lines.findLast(each => each < at) ?? lines.at(-1))
    setCurrent(line)
    return line
  }
  const place = current === undefined ? 0 : (found?.lines.indexOf(current) ?? -1) + 1
  return { sought, setSought, found, current, place, problem: own.problem ?? '', step }
}
