/** What one process of an installation does, and no other. */
export interface Duty {
  close(): Promise<void>
}

/**
 * Calls `begin` when the duty falls to this process, and closes what it opened when it no longer does.
 * `isOurs` says whether it does right now: to be asked before what must not be done twice.
 */
export type Singly = (name: string, begin: (isOurs: () => boolean) => Duty | Promise<Duty>) => Duty

/** Does `work` when nobody else does work of that name. */
export type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** For an installation of one process. */
export const BY_OURSELVES: Singly = (_name, begin) => {
  const begun = Promise.resolve(begin(() => true))
  return {
    async close() {
      await (await begun).close()
    },
  }
}
