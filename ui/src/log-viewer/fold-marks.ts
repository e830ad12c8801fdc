/** Lines that begin and end a fold: GitHub's `::group::` and GitLab's `section_start`. Pure. */
import { plainText } from './ansi.js'

export type FoldMark =
  | { readonly is: 'start'; readonly name: string; readonly title: string; readonly collapsed: boolean }
  /** `text`: what stands behind the mark. */
  | { readonly is: 'end'; readonly name: string; readonly text: string }

const MOST_CHARACTERS = 2_000
// biome-ignore lint/suspicious/noControlCharactersInRegex: GitLab writes the mark between escapes
const SECTION = /^(?:\x1b\[0K)?section_(start|end):\d+:([\w.-]+)(?:\[([\w=,]*)\])?\r?(?:\x1b\[0K)?/

export function foldMark(line: string): FoldMark | undefined {
  const [, group] = /^::group::(.*)/s.exec(line) ?? []
  if (group !== undefined) return { is: 'start', name: '', title: titleOf(group), collapsed: false }
  if (/^::endgroup::\s*$/.test(line)) return { is: 'end', name: '', text: '' }
  const [mark = '', is, name = '', options = ''] = SECTION.exec(line.slice(0, MOST_CHARACTERS)) ?? []
  const rest = line.slice(mark.length)
  if (is === 'start') {
    return { is, name, title: titleOf(rest) || name, collapsed: options.split(',').includes('collapsed=true') }
  }
  if (is === 'end') return { is, name, text: rest }
  return undefined
}

function titleOf(text: string): string {
  return plainText(text.slice(0, MOST_CHARACTERS)).trim()
}
