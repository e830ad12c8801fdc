import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileAtomically } from '../../src/storage/write-file.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tektite-write-file-'))
})

afterEach(() => rm(folder, { recursive: true }))

test('a file is made with its mode, replaced, and nothing else is left', async () => {
  const file = join(folder, 'token')
  await writeFileAtomically(file, 'one\n', 0o600)
  expect(await readFile(file, 'utf8')).toBe('one\n')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await writeFileAtomically(file, 'two\n', 0o600)
  expect(await readFile(file, 'utf8')).toBe('two\n')
  expect(await readdir(folder)).toEqual(['token'])
})

test('a reader never finds a part of it', async () => {
  const file = join(folder, 'token')
  const texts = ['a', 'b'].map(letter => letter.repeat(300_000))
  await writeFile(file, texts[0] ?? '')
  let writing = true
  const writer = (async () => {
    for (let round = 0; round < 20; round += 1) await writeFileAtomically(file, texts[(round + 1) % 2] ?? '')
    writing = false
  })()
  const seen = new Set<string>()
  while (writing) seen.add(await readFile(file, 'utf8'))
  await writer
  expect([...seen].filter(text => !texts.includes(text))).toEqual([])
  expect(seen.size).toBeGreaterThan(0)
})

test('what a writer before us left half done is no hindrance', async () => {
  const file = join(folder, 'token')
  await writeFile(`${file}.${process.pid}.draft`, 'to', { mode: 0o644 })
  await writeFileAtomically(file, 'token\n', 0o600)
  expect(await readFile(file, 'utf8')).toBe('token\n')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['token'])
})

test('a failure names the file, keeps what was there and leaves no draft', async () => {
  const file = join(folder, 'token')
  await mkdir(join(file, 'inside'), { recursive: true })
  await expect(writeFileAtomically(file, 'x')).rejects.toThrow(`writing ${file}`)
  expect(await readdir(folder)).toEqual(['token'])
  expect(await readdir(file)).toEqual(['inside'])
  await expect(writeFileAtomically(join(folder, 'no', 'such'), 'x')).rejects.toThrow(`writing ${join(folder, 'no')}`)
})
