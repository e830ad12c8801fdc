/** The demo itself: a recorded GitHub delivery, posted to a real `tektite up`-style engine on free ports. */
import { execFileSync } from 'node:child_process'
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { startListeners } from '../dist/listeners/listeners.js'
import { admitManifests } from '../dist/src/admission/admit.js'
import { followRuns } from '../dist/src/cli/follow.js'
import { failedStepLogs } from '../dist/src/cli/print/failed-logs.js'
import { createLive } from '../dist/src/cli/print/live.js'
import { createStyle } from '../dist/src/cli/print/style.js'
import { treeLines } from '../dist/src/cli/print/tree.js'
import { readConfig } from '../dist/src/config.js'
import { openEmbedded } from '../dist/src/embedded.js'
import { createLog } from '../dist/src/logging.js'
import { succeededCondition } from '../dist/src/status/conditions.js'
import { ROOT } from './prepare.js'

const EXAMPLE = join(ROOT, 'examples/pull-request')

export async function demo() {
  const out = process.stdout
  const environment = readConfig('warn')
  const style = createStyle(environment.color && out.isTTY === true)
  const say = text => out.write(`${text}\n`)
  const title = text => say(`\n${style.bold(text)}`)

  // Everything the demo writes lies in here, and goes with it.
  mkdirSync(join(ROOT, '.tektite'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.tektite/demo-'))
  const stop = []
  const interrupted = new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve(signal))
  })
  try {
    const delivery = recordedDelivery()
    const home = makeRepository(folder, delivery.payload.repository.clone_url)
    const config = { ...environment, stepEnvironment: { ...environment.stepEnvironment, HOME: home } }

    title('1  The engine starts: store, queue, inbox, workers and kubelet in this process')
    const log = createLog(config.logLevel)
    const engine = await openEmbedded({ config, log, now: Date.now, dataDir: join(folder, 'data'), throwAway: true })
    stop.unshift(() => engine.destroy())
    const listeners = await startListeners(
      { ...engine, log, now: Date.now, newEventId: randomUUID },
      { port: 0, host: '127.0.0.1' },
    )
    stop.unshift(() => listeners.close())
    for (const note of engine.notes) say(style.dim(`   ${note}`))
    const hook = `http://127.0.0.1:${listeners.port}/hooks/default/github`
    say(`   webhooks arrive at ${style.cyan(hook)}`)

    title('2  The pipeline and its triggers are applied')
    const secret = randomBytes(20).toString('hex')
    const files = ['pipeline.yaml', 'triggers.yaml', 'secret.yaml'].map(file => ({
      file: `examples/pull-request/${file}`,
      text: readFileSync(join(EXAMPLE, file), 'utf8').replace('change-me', secret),
    }))
    const admitted = admitManifests(files)
    if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
    for (const object of admitted.objects) {
      await engine.cluster.create(object.kind, object)
      say(`   ${object.kind}/${object.metadata.name}`)
    }

    title('3  GitHub delivers a pull request (recorded), signed')
    const body = JSON.stringify(delivery.payload)
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
    const response = await fetch(hook, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'pull_request',
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': signature,
      },
    })
    say(
      `   pull_request ${delivery.payload.action}: ${delivery.payload.repository.full_name}#${delivery.payload.number}, ${body.length} bytes`,
    )
    say(`   ${style.dim(`X-Hub-Signature-256: ${signature.slice(0, 27)}…`)}`)
    const { eventID } = await response.json()
    say(`   answer: ${style.green(String(response.status))}, event ${eventID}`)

    title('4  The PipelineRun')
    const found = deferred()
    const follower = followRuns(engine.cluster, Date.now, (run, before) => {
      if (run.kind === 'PipelineRun') found.resolve(run)
      live.changed(run, before)
    })
    const roots = () =>
      [...follower.runs.values()]
        .filter(run => run.kind === 'PipelineRun')
        .flatMap(run => follower.view(run.metadata.uid) ?? [])
    const live = createLive({ terminal: out, style, now: Date.now, views: roots })
    const run = await Promise.race([found.promise, interrupted])
    const ended = typeof run === 'string' ? run : await Promise.race([follower.done([run.metadata.uid]), interrupted])
    live.end()
    if (typeof ended === 'string') {
      say(`\n${style.yellow('interrupted')}: everything was stopped and cleaned up`)
      await follower.close()
      return 130
    }
    const view = follower.view(run.metadata.uid)
    if (!out.isTTY) for (const line of treeLines(view, Date.now(), style)) say(line)
    say('   params')
    for (const { name, value } of view.run.spec.params) say(`     ${name} = ${style.cyan(value)}`)
    await follower.close()
    const succeeded = succeededCondition(view.run)?.status === 'True'
    if (!succeeded) for await (const text of failedStepLogs(engine, [...follower.runs.values()], style)) out.write(text)
    title(succeeded ? 'Try next' : 'The run failed: that is a bug in Tektite')
    if (succeeded) {
      say(
        `   node bin/tektite.js run -f examples/hello/pipeline.yaml     ${style.dim('a pipeline on this machine, no server')}`,
      )
      say(
        `   node bin/tektite.js up                                      ${style.dim('the engine as a server, for real webhooks')}`,
      )
      say(`   less examples/pull-request/pipeline.yaml                    ${style.dim('what has just run')}`)
    }
    return succeeded ? 0 : 1
  } finally {
    for (const close of stop) await close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function recordedDelivery() {
  const events = createRequire(import.meta.url)('@octokit/webhooks-examples')
  const { examples } =
    events.default?.find?.(event => event.name === 'pull_request') ??
    events.find(event => event.name === 'pull_request')
  return { payload: examples.find(example => example.action === 'opened') }
}

/** A small repository, and a home folder whose git takes it for the one on GitHub: the demo needs no network. */
function makeRepository(folder, url) {
  const home = join(folder, 'home')
  const repository = join(folder, 'repository')
  mkdirSync(home)
  mkdirSync(repository)
  writeFileSync(
    join(home, '.gitconfig'),
    `[url "file://${repository}"]\n\tinsteadOf = ${url}\n[user]\n\tname = demo\n\temail = demo@example.com\n`,
  )
  writeFileSync(join(repository, 'greet.sh'), 'greet() { echo "hello, $1"; }\n')
  writeFileSync(
    join(repository, 'test.sh'),
    '. ./greet.sh\n[ "$(greet world)" = "hello, world" ] && echo "1 test passed"\n',
  )
  const git = (...args) =>
    execFileSync('git', args, { cwd: repository, env: { ...process.env, HOME: home }, stdio: 'ignore' })
  git('init', '--initial-branch', 'main')
  git('add', '.')
  git('commit', '--message', 'A greeting and its test')
  return home
}

function deferred() {
  let resolve
  const promise = new Promise(settle => {
    resolve = settle
  })
  return { promise, resolve }
}
