import type { Blobs } from './blobs.js'

/** Requests under way together. One request for many objects is what older stores refuse: it needs a newer checksum. */
const AT_ONCE = 16

/** Removes everything whose key begins with `prefix`. Safe to repeat, and to be interrupted. */
export async function removeAll(blobs: Pick<Blobs, 'list' | 'remove'>, prefix: string): Promise<void> {
  for (let after: string | undefined; ; ) {
    const { entries, more } = await blobs.list(prefix, after === undefined ? {} : { after })
    await removeEach(
      blobs,
      entries.map(({ key }) => key),
    )
    after = entries.at(-1)?.key
    if (!more || after === undefined) return
  }
}

export async function removeEach(blobs: Pick<Blobs, 'remove'>, keys: readonly string[]): Promise<void> {
  const left = [...keys]
  const work = async (): Promise<void> => {
    for (let key = left.shift(); key !== undefined; key = left.shift()) await blobs.remove(key)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
