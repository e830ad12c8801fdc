import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeTree } from '../../src/kubelet/remove-tree.js'
import { writeFiles } from '../../src/kubelet/volume-files.js'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tektite-volume-files-'))
})
afterAll(async () => {
  await rm(root, { recursive: true })
})

test('files without write permission are made a second time, under the eyes of who reads the first', async () => {
  const dir = join(root, 'twice')
  await mkdir(dir)
  const script = (bytes: string) => [{ path: 'a/script', bytes, mode: 0o555 }]
  writeFiles(dir, script('first'))
  const reading = await open(join(dir, 'a/script'))
  writeFiles(dir, script('again'))
  expect(await reading.readFile('utf8')).toBe('first')
  await reading.close()
  expect(await readFile(join(dir, 'a/script'), 'utf8')).toBe('again')
  expect((await stat(join(dir, 'a/script'))).mode & 0o777).toBe(0o555)
  expect(await readdir(dir)).toEqual(['a'])
})

test('a tree goes although its folders lost their rights; what a link leads to stays', async () => {
  const own = join(root, 'own')
  const cache = join(root, 'tree', 'go', 'cache')
  await mkdir(own)
  await writeFile(join(own, 'file'), 'mine')
  await mkdir(cache, { recursive: true })
  await writeFile(join(cache, 'module'), '')
  await symlink(own, join(cache, 'link'))
  await chmod(cache, 0o555)
  await chmod(join(root, 'tree', 'go'), 0)
  await removeTree(join(root, 'tree'))
  await removeTree(join(root, 'tree'))
  expect(await readdir(root)).not.toContain('tree')
  expect(await readFile(join(own, 'file'), 'utf8')).toBe('mine')
})
