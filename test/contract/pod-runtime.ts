/** What every PodRuntime promises. Containers are commands of a Linux machine, with /bin/sh. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type {
  ContainerConfig,
  ContainerState,
  ExecProcess,
  Mount,
  PodRuntime,
  PodSandbox,
} from '../../src/kubelet/runtime.js'
import type { LogPart } from '../../src/logs/log-store.js'
import { createTimesParser } from '../../src/logs/log-times.js'
import type { Container } from '../../src/resources/core.js'
import { processesMentioning } from '../kubelet/processes.js'
import { until } from '../kubelet/until.js'

export interface RuntimeUnderTest {
  readonly runtime: PodRuntime
  /** A folder that tests may put volumes in. */
  readonly volumes: string
  /** The same pods, seen by a runtime that was started after the first one was killed. */
  restarted(): PodRuntime
}

export function podRuntimeContract(name: string, make: () => RuntimeUnderTest): void {
  let serial = 0
  const nextPod = (): { uid: string; namespace: string; name: string } => {
    serial += 1
    return { uid: `${name.replaceAll(' ', '-')}-uid-${process.pid}-${serial}`, namespace: 'ci', name: `pod-${serial}` }
  }

  describe(`PodRuntime contract: ${name}`, () => {
    test(`${name}: a container runs, ends, and its output and exit code are known`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(sandbox, sh('step', 'echo out; echo err >&2; exit 3'))
      const state = await exited(runtime, sandbox, 'step')
      expect(state).toMatchObject({ exitCode: 3, signal: 0, reason: 'Error', message: '' })
      expect(await output(runtime, sandbox, 'step')).toBe('out\nerr\n')
      expect(await output(runtime, sandbox, 'step', 4)).toBe('err\n')
      await runtime.removePod(sandbox)
    })

    test(`${name}: what was asked twice is started once`, async () => {
      const { runtime, volumes } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mount = await volume(volumes, `${pod.uid}-once`)
      const config = sh('step', 'echo ran >> /data/ran', { mounts: [mount] })
      await Promise.all([runtime.startContainer(sandbox, config), runtime.startContainer(sandbox, config)])
      await exited(runtime, sandbox, 'step')
      await runtime.startContainer(await runtime.createPod(pod), config)
      await runtime.startContainer(sandbox, sh('other', 'true'))
      await exited(runtime, sandbox, 'other')
      expect(await readFile(join(mount.hostPath, 'ran'), 'utf8')).toBe('ran\n')
      await runtime.removePod(sandbox)
    })

    test(`${name}: a killed process ends with its signal`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(sandbox, sh('step', 'kill -KILL $$'))
      expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 137, signal: 9, reason: 'Error' })
      await runtime.removePod(sandbox)
    })

    test(`${name}: a command that does not exist is a StartError`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      const container: Container = { name: 'step', image: 'any', command: ['no-such-command-here'] }
      await runtime.startContainer(sandbox, { container, env: PATH, mounts: [] })
      const state = await exited(runtime, sandbox, 'step')
      expect(state).toMatchObject({ exitCode: 128, reason: 'StartError' })
      expect(state.message).toContain('executable file not found in $PATH')
      await runtime.removePod(sandbox)
    })

    test(`${name}: volumes are where the container expects them, environment and working folder too`, async () => {
      const { runtime, volumes } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const outer = await volume(volumes, `${pod.uid}-outer`, '/workspace')
      const inner = await volume(volumes, `${pod.uid}-inner`, '/workspace/source')
      await writeFile(join(inner.hostPath, 'file'), 'inner')
      await runtime.startContainer(
        sandbox,
        sh('step', 'cat file; echo " $WHO"; echo mine > /workspace/mine; touch /workspace/source/new', {
          mounts: [inner, outer],
          workingDir: '/workspace/source',
          env: { WHO: 'me' },
        }),
      )
      expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 0, reason: 'Completed' })
      expect(await output(runtime, sandbox, 'step')).toBe('inner me\n')
      expect(await readFile(join(outer.hostPath, 'mine'), 'utf8')).toBe('mine\n')
      expect(await readFile(join(inner.hostPath, 'new'), 'utf8')).toBe('')
      await runtime.removePod(sandbox)
      // Volumes are the caller's: removing a pod takes nothing of them.
      expect(await readFile(join(outer.hostPath, 'mine'), 'utf8')).toBe('mine\n')
    })

    test(`${name}: last words are kept up to 4096 bytes`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      const long = { terminationMessagePath: '/tekton/termination' }
      await runtime.startContainer(sandbox, sh('short', 'printf "[1]" > /tekton/termination', long))
      await runtime.startContainer(
        sandbox,
        sh('long', 'head -c 9000 /dev/zero | tr "\\0" x > /tekton/termination', long),
      )
      const fallback = { ...long, terminationMessagePolicy: 'FallbackToLogsOnError' }
      await runtime.startContainer(sandbox, sh('fallback', 'echo it broke; exit 1', fallback))
      expect((await exited(runtime, sandbox, 'short')).message).toBe('[1]')
      expect((await exited(runtime, sandbox, 'long')).message).toBe('x'.repeat(4096))
      expect((await exited(runtime, sandbox, 'fallback')).message).toBe('it broke\n')
      await runtime.removePod(sandbox)
    })

    test(`${name}: stopping asks first, and SIGTERM can be answered`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(
        sandbox,
        sh('step', 'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.05; done'),
      )
      await until('the step is up', async () => (await output(runtime, sandbox, 'step')).includes('up'))
      await runtime.stopContainer(sandbox, 'step', 20_000)
      expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 7 })
      expect(await output(runtime, sandbox, 'step')).toMatch(/^up\n(Terminated\n)?bye\n$/) // some shells tell of their killed sleep
      await runtime.stopContainer(sandbox, 'step', 20_000)
      await runtime.removePod(sandbox)
    })

    test(`${name}: what ignores SIGTERM, left its group or became a daemon is dead after the grace`, async () => {
      const { runtime } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mark = `MARK_${pod.uid}`
      const script = `trap "" TERM; setsid sleep 4711 & (setsid sh -c 'trap "" TERM; sleep 4712 & sleep 4713' &) ; sleep 4714 & echo up; while :; do sleep 0.05; done`
      await runtime.startContainer(sandbox, sh('step', script, { env: { MARK: mark } }))
      await until('the step is up', async () => (await output(runtime, sandbox, 'step')).includes('up'))
      await until('all are born', () => processesMentioning(mark).length >= 5)
      await runtime.stopContainer(sandbox, 'step', 50)
      expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 137, signal: 9 })
      expect(processesMentioning(mark)).toEqual([])
      await runtime.removePod(sandbox)
    })

    test(`${name}: a step cannot leave processes behind`, async () => {
      const { runtime } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mark = `MARK_${pod.uid}`
      await runtime.startContainer(sandbox, sh('step', 'setsid sleep 4715 & echo done', { env: { MARK: mark } }))
      expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 0 })
      expect(processesMentioning(mark)).toEqual([])
      expect(await output(runtime, sandbox, 'step')).toBe('done\n')
      await runtime.removePod(sandbox)
    })

    test(`${name}: a reader follows to the end`, async () => {
      const { runtime, volumes } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mount = await volume(volumes, `${pod.uid}-go`)
      const script = 'echo one; until [ -e /data/go ]; do sleep 0.01; done; echo two'
      await runtime.startContainer(sandbox, sh('step', script, { mounts: [mount] }))
      const seen: string[] = []
      for await (const chunk of runtime.logs(sandbox, 'step', { follow: true }, new AbortController().signal)) {
        seen.push(Buffer.from(chunk).toString())
        if (seen.length === 1) await writeFile(join(mount.hostPath, 'go'), '')
      }
      expect(seen.join('')).toBe('one\ntwo\n')
      await runtime.removePod(sandbox)
    })

    test(`${name}: when which part of the output came is known, also after a restart`, async () => {
      const { runtime, volumes, restarted } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mount = await volume(volumes, `${pod.uid}-go`)
      const before = Date.now()
      const script = 'echo one; until [ -e /data/go ]; do sleep 0.01; done; sleep 0.02; echo two'
      await runtime.startContainer(sandbox, sh('step', script, { mounts: [mount] }))
      await until('the first line', async () => (await runtime.logSize(sandbox, 'step')) === 'one\n'.length)
      await writeFile(join(mount.hostPath, 'go'), '')
      await runtime.startContainer(sandbox, sh('silent', 'true'))
      await exited(runtime, sandbox, 'step')
      await exited(runtime, sandbox, 'silent')
      const after = Date.now()
      for (const seen of [runtime, restarted()]) {
        expect(await seen.logSize(sandbox, 'step')).toBe('one\ntwo\n'.length)
        const times = createTimesParser()(Buffer.from(await output(seen, sandbox, 'step', 0, 'times')))
        expect(times.map(({ offset }) => offset)).toEqual([0, 4])
        const [one = 0, two = 0] = times.map(({ ms }) => ms)
        expect([one >= before, two >= one + 10, two <= after]).toEqual([true, true, true])
        expect(await output(seen, sandbox, 'silent', 0, 'times')).toBe('')
        expect(await seen.logSize(sandbox, 'silent')).toBe(0)
      }
      await runtime.removePod(sandbox)
    })

    test(`${name}: a follower that is aborted ends quietly`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(sandbox, sh('step', 'echo one; sleep 4716'))
      const abort = new AbortController()
      let text = ''
      for await (const chunk of runtime.logs(sandbox, 'step', { follow: true }, abort.signal)) {
        text += Buffer.from(chunk).toString()
        abort.abort()
      }
      expect(text).toBe('one\n')
      await runtime.removePod(sandbox)
    })

    test(`${name}: 10 MB of output arrive whole`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(sandbox, sh('step', 'head -c 10000000 /dev/zero | tr "\\0" y'))
      let bytes = 0
      for await (const chunk of runtime.logs(sandbox, 'step', { follow: true }, new AbortController().signal))
        bytes += chunk.length
      expect(bytes).toBe(10_000_000)
      await runtime.removePod(sandbox)
    })

    test(`${name}: /dev/stderr can be opened again without losing what was written`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(
        sandbox,
        sh('step', 'echo a; echo b > /dev/stderr; echo c | tee /dev/stdout; echo d'),
      )
      await exited(runtime, sandbox, 'step')
      expect(await output(runtime, sandbox, 'step')).toBe('a\nb\nc\nc\nd\n')
      await runtime.removePod(sandbox)
    })

    test(`${name}: probes run in the container's surroundings`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(sandbox, sh('step', 'echo up; sleep 4717', { env: { ANSWER: '42' } }))
      await until('the step is up', async () => (await output(runtime, sandbox, 'step')).includes('up'))
      const { signal } = new AbortController()
      expect(await runtime.exec(sandbox, 'step', ['sh', '-c', 'test "$ANSWER" = 42'], signal)).toBe(0)
      expect(await runtime.exec(sandbox, 'step', ['sh', '-c', 'exit 5'], signal)).toBe(5)
      await runtime.removePod(sandbox)
    })

    test(`${name}: a command beside a container that was only just started waits for it`, async () => {
      const { runtime, volumes } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mount = await volume(volumes, `${pod.uid}-hooked`, '/tektite-hooked')
      const { signal } = new AbortController()
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const codes = names.map(async one => {
        await runtime.startContainer(sandbox, sh(one, 'sleep 4723', { mounts: [mount], env: { WHO: one } }))
        return runtime.exec(sandbox, one, ['sh', '-c', 'echo $WHO > /tektite-hooked/$WHO'], signal)
      })
      expect(await Promise.all(codes)).toEqual(names.map(() => 0))
      for (const one of names) expect(await readFile(join(mount.hostPath, one), 'utf8')).toBe(`${one}\n`)
      await runtime.removePod(sandbox)
    })

    test(`${name}: a probe finds volumes where the container does, also after a restart`, async () => {
      const { runtime, volumes, restarted } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mount = await volume(volumes, `${pod.uid}-probed`, '/tektite-probed')
      await runtime.startContainer(sandbox, sh('step', 'echo up; sleep 4722', { mounts: [mount] }))
      await until('the step is up', async () => (await output(runtime, sandbox, 'step')).includes('up'))
      const { signal } = new AbortController()
      expect(await runtime.exec(sandbox, 'step', ['sh', '-c', 'echo a >> /tektite-probed/ready'], signal)).toBe(0)
      const second = restarted()
      expect(await second.exec(sandbox, 'step', ['sh', '-c', 'echo b >> /tektite-probed/ready'], signal)).toBe(0)
      expect(await readFile(join(mount.hostPath, 'ready'), 'utf8')).toBe('a\nb\n')
      await second.removePod(sandbox)
    })

    test(`${name}: changed resolves for a change that came before it was called`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      const { signal } = new AbortController()
      await runtime.startContainer(sandbox, sh('step', 'true'))
      let rounds = 0
      for (let state = (await runtime.inspect(sandbox)).get('step'); state?.kind !== 'exited'; rounds++) {
        await runtime.changed(sandbox, signal)
        state = (await runtime.inspect(sandbox)).get('step')
      }
      expect(rounds).toBeLessThan(4)
      await runtime.removePod(sandbox)
    })

    test(`${name}: whoever asks whether a container was started takes no change from the one who waits for it`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      expect(await runtime.wasStarted(sandbox, 'step')).toBe(false)
      await runtime.inspect(sandbox)
      await runtime.startContainer(sandbox, sh('step', 'true'))
      expect(await runtime.wasStarted(sandbox, 'step')).toBe(true)
      await runtime.changed(sandbox, new AbortController().signal)
      await runtime.removePod(sandbox)
    })

    test(`${name}: a runtime that comes after finds what runs, what ended and how, and starts nothing again`, async () => {
      const { runtime, volumes, restarted } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mount = await volume(volumes, `${pod.uid}-go`)
      await runtime.startContainer(sandbox, sh('ended', 'exit 4'))
      await exited(runtime, sandbox, 'ended')
      const waiting = sh('waiting', 'echo begin >> /data/ran; until [ -e /data/go ]; do sleep 0.01; done; exit 6', {
        mounts: [mount],
      })
      await runtime.startContainer(sandbox, waiting)
      await until('it has begun', async () => (await readFile(join(mount.hostPath, 'ran'), 'utf8')) === 'begin\n')

      const second = restarted()
      const found = (await second.listPods()).find(candidate => candidate.uid === pod.uid)
      expect(found).toEqual(sandbox)
      const states = await second.inspect(found!)
      expect(states.get('ended')).toMatchObject({ kind: 'exited', exitCode: 4 })
      expect(states.get('waiting')).toMatchObject({ kind: 'running' })
      await second.startContainer(found!, waiting)
      await writeFile(join(mount.hostPath, 'go'), '')
      expect(await exited(second, found!, 'waiting')).toMatchObject({ exitCode: 6 })
      expect(await readFile(join(mount.hostPath, 'ran'), 'utf8')).toBe('begin\n')
      await second.removePod(found!)
      expect((await second.listPods()).filter(candidate => candidate.uid === pod.uid)).toEqual([])
    })

    test(`${name}: a runtime that comes after can stop what it did not start`, async () => {
      const { runtime, restarted } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mark = `MARK_${pod.uid}`
      await runtime.startContainer(
        sandbox,
        sh('step', 'trap "" TERM; setsid sleep 4718 & echo up; wait; sleep 4719', { env: { MARK: mark } }),
      )
      await until('the step is up', async () => (await output(runtime, sandbox, 'step')).includes('up'))
      const second = restarted()
      await second.stopContainer(sandbox, 'step', 30)
      expect(await exited(second, sandbox, 'step')).toMatchObject({ exitCode: 137 })
      expect(processesMentioning(mark)).toEqual([])
      await second.removePod(sandbox)
    })

    test(`${name}: removing stops everything, and is safe to repeat`, async () => {
      const { runtime } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mark = `MARK_${pod.uid}`
      await runtime.startContainer(sandbox, sh('a', 'sleep 4720', { env: { MARK: mark } }))
      await runtime.startContainer(sandbox, sh('b', 'trap "" TERM; sleep 4721', { env: { MARK: mark } }))
      await runtime.removePod(sandbox)
      expect(processesMentioning(mark)).toEqual([])
      await runtime.removePod(sandbox)
      expect((await runtime.listPods()).map(found => found.uid)).not.toContain(pod.uid)
    })

    test(`${name}: a person's command has streams, and the container's folder, environment and mounts`, async () => {
      const { runtime, volumes } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mount = await volume(volumes, `${pod.uid}-exec`)
      await writeFile(join(mount.hostPath, 'file'), 'mounted')
      const extras = { mounts: [mount], env: { WHO: 'me' }, workingDir: '/data' }
      await runtime.startContainer(sandbox, sh('step', 'sleep 4730', extras))
      const script = 'cat file; echo " $WHO"; cat; echo late >&2; exit 7'
      const process = await startExec(runtime, sandbox, { command: ['sh', '-c', script], input: true })
      process.stdin?.end('typed\n')
      const [out, err] = await Promise.all([textOf(process.stdout), textOf(process.stderr)])
      expect([out, err, await process.ended]).toEqual(['mounted me\ntyped\n', 'late\n', 7])
      const brief = await startExec(runtime, sandbox, { command: ['echo', 'said'] })
      expect(await brief.ended).toBe(0)
      expect(await textOf(brief.stdout)).toBe('said\n') // also who listens late hears it
      const none = await startExec(runtime, sandbox, { command: ['cat'] })
      expect([none.stdin, await textOf(none.stdout), await none.ended]).toEqual([undefined, '', 0])
      await runtime.removePod(sandbox)
    })

    test(`${name}: a person's command that does not exist, or is killed, says so by its code`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(sandbox, sh('step', 'sleep 4731'))
      const absent = await startExec(runtime, sandbox, { command: ['no-such-command-here'] })
      expect(await textOf(absent.stderr)).toContain('no-such-command-here: No such file or directory')
      expect(await absent.ended).toBe(127)
      const killed = await startExec(runtime, sandbox, { command: ['sh', '-c', 'kill -KILL $$'] })
      expect(await killed.ended).toBe(137)
      await runtime.removePod(sandbox)
    })

    test(`${name}: a person's command may have a terminal, of the size that is told`, async () => {
      const { runtime } = make()
      const sandbox = await runtime.createPod(nextPod())
      await runtime.startContainer(sandbox, sh('step', 'sleep 4732'))
      const script = 'test -t 0 && test -t 1 && echo terminal; read line; echo "got $line"; stty size; cat'
      const process = await startExec(runtime, sandbox, { command: ['sh', '-c', script], input: true, tty: true })
      process.resize(99, 17)
      process.stdin?.write('abc\r')
      let seen = ''
      process.stdout.on('data', (bytes: Buffer) => {
        seen += bytes.toString()
      })
      await until('the size', () => seen.includes('17 99'))
      expect(seen).toMatch(/terminal\r\n(abc\r\n)?got abc\r\n17 99\r\n/)
      process.stdin?.end() // as Ctrl-D
      expect(await process.ended).toBe(0)
      await runtime.removePod(sandbox)
    })

    test(`${name}: a person's command and all it started ends with the signal, and with its container`, async () => {
      const { runtime } = make()
      const pod = nextPod()
      const sandbox = await runtime.createPod(pod)
      const mark = `mark-${pod.uid}-exec`
      await runtime.startContainer(sandbox, sh('step', 'sleep 4733'))
      const script = `trap "" TERM; (setsid sleep 4734 ${mark} &) 2>/dev/null; export MARK=${mark}; sh -c 'trap "" TERM; sleep 4735' & wait`
      const abort = new AbortController()
      const ends = [async () => abort.abort(), () => runtime.stopContainer(sandbox, 'step', 0)]
      for (const [index, end] of ends.entries()) {
        const { signal } = index === 0 ? abort : new AbortController()
        const process = await startExec(runtime, sandbox, { command: ['sh', '-c', script] }, signal)
        await until('it runs', () => processesMentioning(mark).length > 1)
        await end()
        await process.ended
        expect(processesMentioning(mark)).toEqual([])
      }
      await exited(runtime, sandbox, 'step')
      const { signal } = new AbortController()
      const late = { command: ['true'], input: false, tty: false }
      expect(await runtime.startExec(sandbox, 'step', late, signal)).toBeUndefined()
      await runtime.removePod(sandbox)
    })

    test(`${name}: hostile names stay inside`, async () => {
      const { runtime } = make()
      const pod = { ...nextPod(), uid: `../../escape-${process.pid}` }
      const sandbox = await runtime.createPod(pod)
      await runtime.startContainer(sandbox, sh('../../../step', 'echo in'))
      await exited(runtime, sandbox, '../../../step')
      expect(await output(runtime, sandbox, '../../../step')).toBe('in\n')
      expect((await runtime.listPods()).map(found => found.uid)).toContain(pod.uid)
      await runtime.removePod(sandbox)
      expect((await runtime.listPods()).map(found => found.uid)).not.toContain(pod.uid)
    })
  })
}

async function startExec(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  options: { readonly command: readonly string[]; readonly input?: boolean; readonly tty?: boolean },
  signal = new AbortController().signal,
): Promise<ExecProcess> {
  const process = await runtime.startExec(sandbox, 'step', { input: false, tty: false, ...options }, signal)
  if (process === undefined) throw new Error('the container does not run')
  return process
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const PATH = { PATH: '/usr/local/bin:/usr/bin:/bin' }

type Extras = Omit<Partial<Container>, 'env'> & {
  readonly mounts?: readonly Mount[]
  readonly env?: Readonly<Record<string, string>>
}

export function sh(name: string, script: string, extras: Extras = {}): ContainerConfig {
  const { mounts = [], env = {}, ...container } = extras
  return {
    container: { name, image: 'any', command: ['/bin/sh', '-c', script], ...container },
    env: { ...PATH, ...env },
    mounts,
  }
}

export async function volume(volumes: string, name: string, containerPath = '/data'): Promise<Mount> {
  const hostPath = join(volumes, name)
  await mkdir(hostPath, { recursive: true })
  return { hostPath, containerPath, readOnly: false }
}

export async function exited(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  container: string,
): Promise<Extract<ContainerState, { kind: 'exited' }>> {
  return until(`container ${container} ends`, async () => {
    const state = (await runtime.inspect(sandbox)).get(container)
    return state?.kind === 'exited' ? state : undefined
  })
}

export async function output(
  runtime: PodRuntime,
  sandbox: PodSandbox,
  container: string,
  offset = 0,
  part: LogPart = 'output',
): Promise<string> {
  const chunks: Uint8Array[] = []
  const { signal } = new AbortController()
  for await (const chunk of runtime.logs(sandbox, container, { follow: false, offset, part }, signal))
    chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
