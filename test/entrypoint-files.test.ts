import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OWN_ARCHITECTURE, readClusterEntrypoint, readOwnEntrypoint } from '../src/entrypoint-files.js'
import { temporaryDirectory } from './helpers/temp-directory.js'

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = join(temporaryDirectory('entrypoint'), 'native')
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

test('a cluster gets every architecture there is a binary for, under one name for all of it', async () => {
  const content = await readClusterEntrypoint({
    folder: folderOf({ 'entrypoint-amd64': 'one', 'entrypoint-arm64': 'two', entrypoint: 'three' }),
    image: 'registry.example/entrypoint:1',
  })
  expect(content.binaryData()).toEqual({ 'entrypoint-amd64': base64('one'), 'entrypoint-arm64': base64('two') })
  expect(content.offer).toEqual({
    architectures: ['amd64', 'arm64'],
    defaultArchitecture: OWN_ARCHITECTURE,
    image: 'registry.example/entrypoint:1',
    hasNodes: true,
  })
  const other = await readClusterEntrypoint({
    folder: folderOf({ 'entrypoint-amd64': 'onetwo', 'entrypoint-arm64': '' }),
  })
  expect(content.name).toMatch(/^tektite-entrypoint-[0-9a-f]{16}$/)
  expect(other.name).not.toBe(content.name)
})

test('what was built for this machine alone serves too', async () => {
  const folder = folderOf({ entrypoint: 'three' })
  const content = await readClusterEntrypoint({ folder, defaultArchitecture: 'arm64' })
  expect(content.binaryData()).toEqual({ [`entrypoint-${OWN_ARCHITECTURE}`]: base64('three') })
  expect(content.offer).toMatchObject({ architectures: [OWN_ARCHITECTURE], defaultArchitecture: 'arm64' })
  const own = await readOwnEntrypoint(folder)
  expect(own.binaryData()).toEqual(content.binaryData())
  expect(own.offer.hasNodes).toBe(false)
})

test('a folder without any is named', async () => {
  const folder = folderOf({})
  await expect(readClusterEntrypoint({ folder })).rejects.toThrow(
    `the entrypoint is missing in ${folder}: no entrypoint-amd64, no entrypoint-arm64 and no entrypoint`,
  )
  await expect(readOwnEntrypoint(folder)).rejects.toThrow(`the entrypoint is missing at ${join(folder, 'entrypoint')}`)
})
