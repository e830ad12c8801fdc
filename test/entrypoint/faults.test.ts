import { chmodSync, mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { builds, type Room, roomForEach } from './room.js'

/**
 * A file system of 64 KiB with a hundred names at `full`, in a mount namespace of the test's own. Full of data, it still
 * takes empty files; `fill names` also uses up those. Because the mount ends with the namespace, what it holds is
 * copied to `seen` at the end.
 */
function onSmallDisk(fill: 'data' | 'data and names' | 'nothing'): readonly string[] {
  const script = `
    set -e
    mkdir -p full seen
    mount -t tmpfs -o size=64k,nr_inodes=100 tmpfs full || { echo "no mount possible: this test cannot run" >&2; exit 77; }
    mkdir full/run
    ${fill === 'nothing' ? '' : 'head -c 1000000 /dev/zero > full/filler 2> /dev/null || true'}
    ${fill === 'data and names' ? 'i=0; while touch full/name-$i 2> /dev/null; do i=$((i+1)); done' : ''}
    set +e
    "$@"
    code=$?
    rm -f full/filler full/name-*
    cp -a full/. seen/
    exit $code`
  return ['unshare', '-Urm', 'sh', '-c', script, 'sh']
}

describe.each(builds)('%s: a full disk', build => {
  const room = roomForEach(build)

  test('does not keep the next step waiting: the empty post file still fits', async () => {
    const finished = await room().run(
      { postFile: room().path('full/run/out'), command: ['true'] },
      { under: onSmallDisk('data') },
    )
    expect(finished).toMatchObject({ code: 0, stderr: '' })
    expect(room().files('seen')).toEqual(['run/out'])
  })

  test('where the exit code has no room fails the step', async () => {
    const options = { postFile: room().path('full/run/out'), stepMetadataDir: room().path('full/steps/step-a') }
    const finished = await room().run({ ...options, command: ['true'] }, { under: onSmallDisk('data') })
    expect(finished).toMatchObject({
      code: 1,
      stderr: `writing "${room().path('full/steps/step-a/exitCode')}": No space left on device\n`,
    })
    expect(room().files('seen')).toEqual(['run/out.err'])
  })

  test('where the termination message has no room fails the step', async () => {
    const options = { postFile: room().path('full/run/out'), terminationPath: room().path('full/termination') }
    const finished = await room().run({ ...options, command: ['true'] }, { under: onSmallDisk('data') })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toMatch(
      /^writing the termination message to ".*\/full\/termination": No space left on device\n$/,
    )
    expect(room().files('seen')).toContain('run/out.err')
  })

  test('that is full only after the command had its message mounted is no matter: that fits where it was', async () => {
    const command = ['sh', '-c', 'head -c 1000000 /dev/zero > full/filler; true']
    const options = { postFile: room().path('full/run/out'), terminationPath: room().path('full/termination'), command }
    const prepared = onSmallDisk('nothing').map(part =>
      part.replace('set +e', 'head -c 500 /dev/zero > full/termination; set +e'),
    )
    expect(await room().run(options, { under: prepared })).toMatchObject({ code: 0 })
    expect(
      room()
        .message('seen/termination')
        .map(({ key }) => key),
    ).toEqual(['StartedAt'])
  })

  test('where not even a name has room ends with 1 and says so', async () => {
    const options = { postFile: room().path('full/run/out'), command: ['true'] }
    const finished = await room().run(options, { under: onSmallDisk('data and names') })
    expect(finished.code).toBe(1)
    const lines = ['out', 'out.err'].map(
      name => `writing "${room().path('full/run', name)}": No space left on device\n`,
    )
    expect(finished.stderr).toBe(lines.join(''))
    expect(room().files('seen')).toEqual([])
  })

  test('where the copy of the output has no room fails a step whose command succeeded, and keeps its log whole', async () => {
    const options = { postFile: room().path('full/run/out'), stdoutPath: room().path('full/copy') }
    const finished = await room().run({ ...options, command: ['seq', '30000'] }, { under: onSmallDisk('nothing') })
    expect(finished.code).toBe(1)
    expect(finished.stdout).toBe(Array.from({ length: 30_000 }, (_, index) => `${index + 1}\n`).join(''))
    expect(finished.stderr).toBe(`copying the output to "${room().path('full/copy')}": No space left on device\n`)
    expect(room().files('seen')).toEqual(['copy', 'run/out.err'])
  })

  test('leaves a failed command its exit code', async () => {
    const options = { postFile: room().path('full/run/out'), stdoutPath: room().path('full/copy') }
    const finished = await room().run(
      { ...options, command: ['sh', '-c', 'seq 30000; exit 8'] },
      { under: onSmallDisk('nothing') },
    )
    expect(finished.code).toBe(8)
  })

  test('and so does a file size limit, whose signal is ours and not the command’s', async () => {
    const limited = ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh']
    const script = 'trap "echo got XFSZ >&2" XFSZ; seq 30000 | tail -n 1; seq 30000; exit 0'
    const finished = await room().run(
      { stdoutPath: room().path('copy'), command: ['sh', '-c', script] },
      { under: limited },
    )
    expect(finished.code).toBe(1)
    expect(finished.stderr).toBe(`copying the output to "${room().path('copy')}": File too large\n`)
  })
})

describe.each(builds)('%s: what is missing or read-only', build => {
  const room = roomForEach(build)

  test('directories of post file, message and metadata are made', async () => {
    const options = {
      postFile: room().path('a/b/out'),
      terminationPath: room().path('c/d/termination'),
      stepMetadataDir: room().path('e/f/step-a'),
    }
    expect(await room().run({ ...options, command: ['test', '-d', room().path('e/f/step-a/results')] })).toMatchObject({
      code: 0,
    })
    expect(room().files()).toEqual(['a/b/out', 'c/d/termination', 'e/f/step-a/exitCode'])
  })

  test('a read-only message file fails the step', async () => {
    const options = { postFile: room().path('run/out'), terminationPath: room().write('ro/termination', '', 0o444) }
    const finished = await room().run({ ...options, command: ['true'] }, { under: readOnly(room(), 'ro') })
    expect(finished).toMatchObject({
      code: 1,
      stderr: `writing the termination message to "${room().path('ro/termination')}": Read-only file system\n`,
    })
    expect(room().files('run')).toEqual(['out.err'])
  })

  test('a read-only metadata directory keeps the command from starting', async () => {
    mkdirSync(room().path('ro/step-a'), { recursive: true })
    const options = { postFile: room().path('run/out'), stepMetadataDir: room().path('ro/step-a') }
    const finished = await room().run(
      { ...options, command: ['touch', room().path('ran')] },
      { under: readOnly(room(), 'ro') },
    )
    expect(finished).toMatchObject({
      code: 1,
      stderr: `clearing "${room().path('ro/step-a/exitCode')}": Read-only file system\n`,
    })
    expect(room().files('run')).toEqual(['out.err'])
    expect(room().has('ran')).toBe(false)
  })

  test('a read-only working directory that is there is entered all the same', async () => {
    mkdirSync(room().path('ro/work'), { recursive: true })
    const finished = await room().run(
      { workingDir: room().path('ro/work'), command: ['pwd'] },
      { under: readOnly(room(), 'ro') },
    )
    expect(finished).toMatchObject({ code: 0, stdout: `${room().path('ro/work')}\n` })
  })

  test('a post file that cannot be written is said, and the step ends with 1', async () => {
    mkdirSync(room().path('ro'))
    const finished = await room().run(
      { postFile: room().path('ro/out'), command: ['true'] },
      { under: readOnly(room(), 'ro') },
    )
    expect(finished.code).toBe(1)
    expect(finished.stderr).toMatch(
      /^writing ".*\/ro\/out": Read-only file system\nwriting ".*\/ro\/out.err": Read-only file system\n$/,
    )
  })

  test('a post file replaces what a step has put in its place, and follows nothing', async () => {
    room().write('precious', 'mine')
    mkdirSync(room().path('run'))
    const script = 'ln -s ../precious run/out; ln -s ../precious run/.out.draft'
    expect(await room().run({ postFile: room().path('run/out'), command: ['sh', '-c', script] })).toMatchObject({
      code: 0,
    })
    expect(room().read('precious')).toBe('mine')
    expect(room().read('run/out')).toBe('')
    expect(room().files('run')).toEqual(['out'])
  })

  test('another user’s step works as well', async () => {
    chmodSync(room().dir, 0o777)
    const options = { ...metadata(room()), workingDir: room().path('work'), command: ['id', '-u'] }
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    expect(await room().run(options, { under: asNobody })).toMatchObject({ code: 0, stdout: '65534\n', stderr: '' })
    expect(room().files()).toEqual(['run/out', 'steps/step-a/exitCode', 'termination'])
  })

  // The sanitizers read /proc, also to find out whether they should.
  if (build === 'release')
    test('no /proc, no PATH and an empty environment are no obstacle', async () => {
      const bare = ['env', '-i', 'unshare', '-Urm', '/bin/sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh']
      const finished = await room().run(
        { ...metadata(room()), command: ['sh', '-c', 'echo ran; exit 6'] },
        { under: bare },
      )
      expect(finished).toMatchObject({ code: 6, stdout: 'ran\n', stderr: '' })
      expect(room().files('run')).toEqual(['out.err'])
    })
})

function metadata(room: Room) {
  return {
    postFile: room.path('run/out'),
    terminationPath: room.path('termination'),
    stepMetadataDir: room.path('steps/step-a'),
  }
}

function readOnly(room: Room, name: string): readonly string[] {
  const dir = room.path(name)
  const script = `mount --bind ${dir} ${dir} && mount -o remount,bind,ro ${dir} || { echo "no mount possible: this test cannot run" >&2; exit 77; }; exec "$@"`
  return ['unshare', '-Urm', 'sh', '-c', script, 'sh']
}
