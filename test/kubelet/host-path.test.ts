import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openHostPath } from '../../src/kubelet/host-path.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

test('folders and files are found, and made where the type says so', () => {
  const dir = temporaryDirectory('host-path')
  writeFileSync(join(dir, 'file'), '')
  expect(openHostPath({ path: dir })).toBeUndefined()
  expect(openHostPath({ path: dir, type: 'Directory' })).toBeUndefined()
  expect(openHostPath({ path: join(dir, 'file'), type: 'File' })).toBeUndefined()
  expect(openHostPath({ path: join(dir, 'a/b'), type: 'DirectoryOrCreate' })).toBeUndefined()
  expect(openHostPath({ path: join(dir, 'c/d'), type: 'FileOrCreate' })).toBeUndefined()
  expect([statSync(join(dir, 'a/b')).isDirectory(), statSync(join(dir, 'c/d')).isFile()]).toEqual([true, true])
})

test('what cannot be opened is told in words, and never thrown: the Pod would wait for its timeout', () => {
  const dir = temporaryDirectory('host-path-wrong')
  mkdirSync(join(dir, 'folder'))
  writeFileSync(join(dir, 'file'), '')
  symlinkSync('circle', join(dir, 'circle'))
  const told = (path: string, type = '') => openHostPath({ path: join(dir, path), type })?.replaceAll(dir, '')
  expect(openHostPath({ path: 'relative' })).toBe('hostPath "relative" must be absolute and must not contain ".."')
  expect(openHostPath({ path: '/a/../b' })).toBe('hostPath "/a/../b" must be absolute and must not contain ".."')
  expect(told('nobody')).toBe('hostPath type check failed: /nobody is not there')
  expect(told('nobody', 'Socket')).toBe('hostPath type check failed: /nobody is not a socket file')
  expect(told('file', 'DirectoryOrCreate')).toContain('hostPath "/file" could not be opened: EEXIST')
  expect(told('folder', 'FileOrCreate')).toBe('hostPath type check failed: /folder is not a file')
  expect(told('file/behind')).toContain('hostPath "/file/behind" could not be opened: ENOTDIR')
  expect(told('circle')).toContain('hostPath "/circle" could not be opened: ELOOP')
  expect(told('zero\0byte')).toContain('could not be opened: ')
  expect(told('folder', 'constructor')).toMatch(/^hostPath type "constructor" is unknown; it is one of Directory, /)
  expect(existsSync(join(dir, 'nobody'))).toBe(false)
})
