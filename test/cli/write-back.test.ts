import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeBack } from '../../src/cli/run/write-back.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const LATER = Number.MAX_SAFE_INTEGER

/** A folder, and a copy of it as a run had it. */
function trees(make: (folder: string) => void) {
  const home = temporaryDirectory('write-back')
  const [folder, copy] = [join(home, 'folder'), join(home, 'copy')]
  mkdirSync(folder)
  make(folder)
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  return { home, folder, copy }
}

test('a link in the folder is replaced, and what it leads to is left alone', async () => {
  const { home, folder, copy } = trees(at => {
    mkdirSync(join(at, '../elsewhere'))
    symlinkSync('../elsewhere', join(at, 'link'))
  })
  rmSync(join(copy, 'link'))
  mkdirSync(join(copy, 'link'))
  writeFileSync(join(copy, 'link/file'), 'mine')
  expect(await writeBack(folder, copy, LATER)).toEqual({
    changes: [
      { path: 'link', is: 'changed' },
      { path: 'link/file', is: 'added' },
    ],
    left: [],
  })
  expect(lstatSync(join(folder, 'link')).isDirectory()).toBe(true)
  expect(existsSync(join(home, 'elsewhere/file'))).toBe(false)
})

test('a folder becomes a file, and a file a folder', async () => {
  const { folder, copy } = trees(at => {
    mkdirSync(join(at, 'a/b'), { recursive: true })
    writeFileSync(join(at, 'a/b/c'), '')
    writeFileSync(join(at, 'd'), '')
  })
  rmSync(join(copy, 'a'), { recursive: true })
  writeFileSync(join(copy, 'a'), 'file')
  rmSync(join(copy, 'd'))
  mkdirSync(join(copy, 'd'))
  writeFileSync(join(copy, 'd/e'), 'below')
  expect((await writeBack(folder, copy, LATER)).left).toEqual([])
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('file')
  expect(readFileSync(join(folder, 'd/e'), 'utf8')).toBe('below')
})

test('what was changed in the folder meanwhile is neither overwritten nor deleted', async () => {
  const { folder, copy } = trees(at => {
    for (const name of ['both', 'deleted', 'mine']) writeFileSync(join(at, name), 'old')
    mkdirSync(join(at, 'sub'))
    writeFileSync(join(at, 'sub/kept'), 'old')
  })
  writeFileSync(join(copy, 'both'), 'of the run')
  rmSync(join(copy, 'deleted'))
  rmSync(join(copy, 'sub'), { recursive: true })
  const { changes, left } = await writeBack(folder, copy, 0)
  expect(changes).toEqual([])
  expect(left.map(({ path }) => path)).toEqual(['sub/kept', 'sub', 'deleted', 'both'])
  for (const name of ['both', 'deleted', 'mine', 'sub/kept'])
    expect(readFileSync(join(folder, name), 'utf8')).toBe('old')
})

test('a copy that cannot be read changes nothing', async () => {
  const { folder, copy } = trees(at => writeFileSync(join(at, 'file'), ''))
  rmSync(copy, { recursive: true })
  await expect(writeBack(folder, copy, LATER)).rejects.toThrow('ENOENT')
  expect(existsSync(join(folder, 'file'))).toBe(true)
})

test('the same bytes with a new time are no change; another mode is one', async () => {
  const { folder, copy } = trees(at => {
    for (const name of ['same', 'mode']) writeFileSync(join(at, name), 'x'.repeat(200_000))
  })
  writeFileSync(join(copy, 'same'), 'x'.repeat(200_000))
  chmodSync(join(copy, 'mode'), 0o755)
  expect((await writeBack(folder, copy, LATER)).changes).toEqual([{ path: 'mode', is: 'changed' }])
  expect(lstatSync(join(folder, 'mode')).mode & 0o777).toBe(0o755)
})
