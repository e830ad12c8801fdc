import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { binary } from './room.js'

const SOURCE = join(import.meta.dirname, '../../entrypoint')

test('is built with musl', () => {
  binary('release')
  expect(readFileSync(join(SOURCE, 'build/compile'), 'utf8'), 'apt-get install musl-tools').toMatch(
    /^\S*musl-gcc -static /,
  )
})

test('is statically linked: it runs in an image that holds nothing else', () => {
  const elf = readFileSync(binary('release'))
  expect(elf.subarray(0, 4).toString('latin1')).toBe('\x7fELF')
  expect(elf[4], '64 bits').toBe(2)
  const types = programHeaders(elf)
  expect(types).toContain(1) // PT_LOAD: the headers were found
  expect(types).not.toContain(2) // PT_DYNAMIC
  expect(types).not.toContain(3) // PT_INTERP
})

test('fits in 80 KiB, a tenth of what a ConfigMap can carry', () => {
  expect(statSync(binary('release')).size).toBeLessThanOrEqual(81_920)
})

test('make does nothing when nothing has changed, and builds when something has', () => {
  const program = binary('release')
  const before = statSync(program)
  execFileSync('make', ['-C', SOURCE])
  expect(statSync(program).ino).toBe(before.ino)

  // As if the binary were older than its sources; touching those would disturb the tests that run beside this one.
  utimesSync(program, 1, 1)
  execFileSync('make', ['-C', SOURCE])
  const after = statSync(program)
  expect(after.ino).not.toBe(before.ino)
  expect(after.size).toBe(before.size)
})

function programHeaders(elf: Buffer): number[] {
  const start = Number(elf.readBigUInt64LE(0x20))
  const size = elf.readUInt16LE(0x36)
  const count = elf.readUInt16LE(0x38)
  return Array.from({ length: count }, (_, index) => elf.readUInt32LE(start + index * size))
}
