import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openFolderBlobs } from '../../src/blobs/folder.js'
import { underPrefix } from '../../src/blobs/under-prefix.js'
import { blobsContract } from '../contract/blobs.js'

const folder = mkdtempSync(join(tmpdir(), 'tektite-under-prefix-'))
afterAll(() => rmSync(folder, { recursive: true }))
const whole = openFolderBlobs({ folder })
const open = () => underPrefix(openFolderBlobs({ folder }), 'archive/')
blobsContract('part of a folder', () => ({ blobs: open(), other: open }))

test('what is beside it is not seen, and what is in it has its prefix outside', async () => {
  const part = underPrefix(whole, 'one/')
  await whole.put('two/a', Buffer.from('beside'))
  await part.put('two/a', Buffer.from('within'))
  expect((await part.list('')).entries).toEqual([{ key: 'two/a', size: 6 }])
  expect(`${await whole.get('one/two/a')}`).toBe('within')
  await part.remove('two/a')
  expect(`${await whole.get('two/a')}`).toBe('beside')
})
