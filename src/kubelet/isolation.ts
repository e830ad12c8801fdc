import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseExit } from './container-record.js'
import type { ShimServer } from './shim-server.js'

/** Shown to work, not guessed from versions and settings: a container is run that looks for a file in a mount. */
export async function proveIsolation(
  wanted: 'auto' | 'namespace' | 'rewrite',
  server: ShimServer,
  rootDir: string,
  shimPath: string,
): Promise<'namespace' | 'rewrite'> {
  await removeStale(rootDir)
  const dir = join(rootDir, `.check-${process.pid}-${randomBytes(6).toString('hex')}`)
  const volume = join(dir, 'volume')
  await mkdir(volume, { recursive: true })
  await writeFile(join(volume, 'found'), '')
  const isolated = ['--isolate', '--mount-ro', volume, '/tektite-check/volume']
  const looking = ['--', '/bin/sh', '-c', 'test -f /tektite-check/volume/found']
  const flags =
    wanted === 'rewrite'
      ? ['--dir', join(dir, 'container'), '--', '/bin/sh', '-c', 'true']
      : ['--dir', join(dir, 'container'), ...isolated, ...looking]
  try {
    const record = await server.start(flags, { PATH: '/usr/bin:/bin' }).ended
    const state = record === undefined ? undefined : parseExit(record)
    if (state === undefined) {
      throw new Error(
        `${shimPath} does not run on this machine; build it with "npm run build" and see that it is executable`,
      )
    }
    if (state.kind === 'exited' && state.exitCode === 0) return wanted === 'rewrite' ? 'rewrite' : 'namespace'
    if (wanted === 'auto') return 'rewrite'
    const why = state.kind === 'exited' ? state.message : ''
    throw new Error(
      `this machine does not let us isolate processes (${why}); allow unprivileged user namespaces, run as root, or choose isolation "rewrite"`,
    )
  } finally {
    await rm(dir, { recursive: true, force: true }) // not by the server, which may be what does not work
  }
}

/** Of an engine that was killed while it tried. */
async function removeStale(rootDir: string): Promise<void> {
  for (const name of await readdir(rootDir)) {
    const pid = /^\.check-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      await rm(join(rootDir, name), { recursive: true, force: true })
  }
}
