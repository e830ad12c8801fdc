/**
 * Claims are bound at once: their storage is a folder of this machine. It goes with its claim, but not under a Pod that
 * still works in it.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cluster, isClusterError } from '../cluster/cluster.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import type { PersistentVolumeClaim } from '../resources/core.js'
import { removeTree } from './remove-tree.js'
import { claimDir } from './volumes.js'

export interface ClaimsDeps {
  readonly cluster: Cluster
  readonly claimsDir: string
  readonly log: Log
  /** Resolves when no Pod of this machine uses the claim any more. */
  readonly unused: (claim: PersistentVolumeClaim) => Promise<void>
}

/** Follows the claims until `signal` aborts. Begins with those whose end the kubelet before us did not live to see. */
export async function watchClaims({ cluster, claimsDir, log, unused }: ClaimsDeps, signal: AbortSignal): Promise<void> {
  const remove = async (folder: string, when: Promise<void>): Promise<void> => {
    try {
      await when
      if (!signal.aborted) await removeTree(folder)
    } catch (error) {
      log.error('removing the folder of a claim failed', { folder, error: describeError(error) })
    }
  }
  const bind = async (claim: PersistentVolumeClaim): Promise<void> => {
    if (claim.status?.phase !== undefined || claim.metadata.deletionTimestamp !== undefined) return
    try {
      await cluster.replaceStatus('PersistentVolumeClaim', { ...claim, status: boundStatus(claim) })
    } catch (error) {
      // Changed meanwhile: that comes as well. Or gone.
      if (isClusterError(error, 'Conflict') || isClusterError(error, 'NotFound')) return
      const { namespace, name } = claim.metadata
      log.error('binding a claim failed', { claim: `${namespace}/${name}`, error: describeError(error) })
    }
  }
  // Read before the list: whatever is older than the list and not in it has no claim.
  let leftovers = await claimFolders(claimsDir)
  const removing = new Set<Promise<void>>()
  for await (const change of cluster.watch('PersistentVolumeClaim', {}, signal)) {
    if (change.type === 'listed') {
      const known = new Set(change.items.map(claim => claimDir(claimsDir, claim.metadata)))
      for (const folder of leftovers) if (!known.has(folder)) await remove(folder, Promise.resolve())
      leftovers = []
      await Promise.all(change.items.map(bind))
    }
    if (change.type === 'put') await bind(change.item)
    if (change.type === 'removed') {
      const one = remove(claimDir(claimsDir, change.item.metadata), unused(change.item))
      removing.add(one)
      void one.then(() => removing.delete(one))
    }
  }
  await Promise.all(removing)
}

function boundStatus({ spec }: PersistentVolumeClaim): NonNullable<PersistentVolumeClaim['status']> {
  const { accessModes, resources } = spec
  const { storage } = resources?.requests ?? {}
  return { phase: 'Bound', ...(accessModes && { accessModes }), ...(storage && { capacity: { storage } }) }
}

/** `<claimsDir>/<namespace>/<name>/<uid>` */
async function claimFolders(claimsDir: string): Promise<readonly string[]> {
  const inside = async (folder: string): Promise<readonly string[]> =>
    (await readdir(folder).catch(() => [])).map(name => join(folder, name))
  let folders: readonly string[] = [claimsDir]
  for (let depth = 0; depth < 3; depth++) folders = (await Promise.all(folders.map(inside))).flat()
  return folders
}
