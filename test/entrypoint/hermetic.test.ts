/** A hermetic step has no network, and is otherwise the step it would be. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { builds, roomForEach } from './room.js'

const DEVICES = ['sh', '-c', 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "; id -u; exit 3']

describe.each(builds)('hermetic, %s build', build => {
  const room = roomForEach(build)

  test('only a loopback device is there, the user and the exit code are as ever', async () => {
    const open = await room().run({ command: DEVICES })
    const sealed = await room().run({ hermetic: true, postFile: room().path('run/0/out'), command: DEVICES })
    const user = String(process.getuid?.())
    expect(sealed, sealed.stderr).toMatchObject({ code: 3, stdout: `lo\n${user}\n` })
    expect(open.stdout.endsWith(`${user}\n`)).toBe(true)
    expect(existsSync(room().path('run/0/out.err'))).toBe(true)
  })

  test('nobody who is not root is kept from it', async () => {
    // In a user namespace we are nobody in particular, as a step that does not run as root.
    const under = ['unshare', '--user', '--map-user=1234', '--map-group=1234']
    const { code, stdout, stderr } = await room().start({ hermetic: true, command: DEVICES }, { under }).done
    expect({ code, stdout }, stderr).toEqual({ code: 3, stdout: 'lo\n1234\n' })
  })

  test('what it left running is killed as ever', async () => {
    const { code } = await room().run({
      hermetic: true,
      timeoutMs: 200,
      graceMs: 50,
      command: ['sh', '-c', 'sleep 99 & wait'],
    })
    expect(code).toBe(1)
    expect(room().processes()).toEqual([])
  })
})
