import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openResolvers } from '../../src/resolve/resolvers.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { storeWith } from '../reconcile/real-store.js'

test('what a process that was killed was fetching is gone, and no other user sees what we fetch', async () => {
  const scratchDir = join(temporaryDirectory('resolvers'), 'fetches')
  mkdirSync(join(scratchDir, 'tektite-git-x/objects'), { recursive: true })
  writeFileSync(join(scratchDir, 'tektite-git-x/objects/pack'), 'half')
  const fetching = { allowedHosts: '', artifactHubUrl: '', tektonHubUrl: '', path: '/none' }
  const { serves } = await openResolvers({ cluster: await storeWith(), now: () => 0, fetching, scratchDir })
  expect(['git', 'hub', 'cluster', 'http', 'bundles', 'mine'].map(serves)).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
  ])
  expect(readdirSync(scratchDir)).toEqual([])
  expect(statSync(scratchDir).mode & 0o777).toBe(0o700)
})
