/** An embedded engine in this process, and ways to put work through it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { admitManifests } from '../dist/src/admission/admit.js'
import { followRuns } from '../dist/src/cli/follow.js'
import { readConfig } from '../dist/src/config.js'
import { openEmbedded } from '../dist/src/embedded.js'
import { createLog } from '../dist/src/logging.js'
import { succeededCondition } from '../dist/src/status/conditions.js'
import { withFolder } from './measure.js'

export function withEngine(work, { throwAway = true, redisUrl } = {}) {
  return withFolder(async folder => {
    const config = readConfig('warn')
    const log = createLog(config.logLevel)
    const engine = await openEmbedded({
      config,
      log,
      now: Date.now,
      dataDir: join(folder, 'data'),
      throwAway,
      ...(redisUrl && { redisUrl }),
    })
    const follower = followRuns(engine.cluster, Date.now, () => {})
    try {
      return await work({
        engine,
        log,
        manifest: file => objects(file),
        /** Creates the runs and resolves, with their last states, when all are done. */
        async runToEnd(runs) {
          const created = await Promise.all(runs.map(run => engine.cluster.create(run.kind, run)))
          const uids = created.map(run => run.metadata.uid)
          await follower.done(uids)
          const ended = uids.map(uid => follower.runs.get(uid))
          const failed = ended.find(run => succeededCondition(run)?.status !== 'True')
          if (failed) throw new Error(`${failed.metadata.name}: ${succeededCondition(failed)?.message}`)
          return ended
        },
      })
    } finally {
      await follower.close()
      await engine.destroy()
    }
  })
}

export function objects(file) {
  const admitted = admitManifests([{ file, text: readFileSync(file, 'utf8') }])
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  return admitted.objects
}
