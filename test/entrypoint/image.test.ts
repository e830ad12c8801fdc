/** What the entrypoint does besides running a step: the two commands of our image. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { binary, roomForEach } from './room.js'

const room = roomForEach('release')

function run(...args: readonly string[]) {
  const { status, stderr } = spawnSync(binary('release'), args, { encoding: 'utf8' })
  return { status, stderr }
}

test('-copy_to makes a copy that runs, for everybody and for nobody to write', () => {
  const target = room().path('bin/entrypoint')
  expect(run('-copy_to', target)).toEqual({ status: 0, stderr: '' })
  expect(readFileSync(target).equals(readFileSync(binary('release')))).toBe(true)
  expect(statSync(target).mode & 0o7777).toBe(0o555)
  const done = room().path('run/0/out')
  expect(spawnSync(target, ['-post_file', done, '--', 'true']).status).toBe(0)
  expect(existsSync(done)).toBe(true)
  expect(run('-copy_to', target), 'once more, as after a crash').toEqual({ status: 0, stderr: '' })
})

test('-copy_to names what it cannot write', () => {
  expect(run('-copy_to', '/proc/nowhere/entrypoint')).toEqual({
    status: 1,
    stderr: 'writing "/proc/nowhere/entrypoint": No such file or directory\n',
  })
})

test('-nop ends well, whatever a stopped sidecar was told to do', () => {
  expect(run('-nop', '-wait_file', 'nonsense', '--', 'false')).toEqual({ status: 0, stderr: '' })
})
