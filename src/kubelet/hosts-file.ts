import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../resources/core.js'
import type { Mount } from './runtime.js'

/** The machine's /etc/hosts with the Pod's hostAliases added, as a mount; nothing for a Pod without any. Safe to repeat. */
export function hostsMounts(pod: Pod, podDir: string, machineFile = '/etc/hosts'): readonly Mount[] {
  const aliases = (pod.spec.hostAliases ?? []).filter(({ hostnames = [] }) => hostnames.length > 0)
  if (aliases.length === 0) return []
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`)
  const hostPath = join(podDir, 'hosts')
  writeFileSync(
    hostPath,
    `${readFileSync(machineFile, 'utf8').trimEnd()}\n\n# Entries added by HostAliases.\n${lines.join('')}`,
  )
  return [{ hostPath, containerPath: '/etc/hosts', readOnly: false }]
}
