export interface Finding {
  /** What was looked at: `git`. */
  readonly what: string
  /** `lacks`: something a user may miss. `broken`: `tektite run` and `tektite up` do not work so. */
  readonly is: 'fine' | 'lacks' | 'broken'
  readonly found: string
  /** What to do about it. */
  readonly wayOut?: string
}
