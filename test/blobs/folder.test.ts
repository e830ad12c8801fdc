import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openFolderBlobs } from '../../src/blobs/folder.js'
import { blobsContract } from '../contract/blobs.js'

const root = mkdtempSync(join(tmpdir(), 'tektite-blobs-'))
afterAll(() => rmSync(root, { recursive: true }))

const open = () => openFolderBlobs({ folder: join(root, 'shared') })
const blobs = open()
blobsContract('folder', () => ({ blobs, other: open }))

test('drafts of a process that died long ago are swept away, and those of a living one stay', async () => {
  const folder = join(root, 'swept')
  mkdirSync(join(folder, '.drafts'), { recursive: true })
  for (const name of ['old', 'new']) writeFileSync(join(folder, '.drafts', name), 'half')
  utimesSync(join(folder, '.drafts/old'), 1, 1)
  const own = openFolderBlobs({ folder })
  await own.put('a/b', Buffer.from('x'))
  expect(readdirSync(join(folder, '.drafts'))).toEqual(['new'])
  expect((await own.list('')).entries).toEqual([{ key: 'a/b', size: 1 }])
  await own.remove('a/b')
  expect(readdirSync(folder)).toEqual(['.drafts'])
})

test('a folder that is a file is told, with its name, as something a person has to mend', async () => {
  const folder = join(root, 'file')
  writeFileSync(folder, '')
  const own = openFolderBlobs({ folder })
  const failure = await own.put('a', Buffer.from('x')).catch((error: unknown) => error)
  expect(failure).toMatchObject({ message: `writing a in folder ${folder}`, isSetUpWrong: true })
})
