/** Where kubeconfig files are. Reads none of them. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { KubeconfigOptions } from './kubeconfig.js'

/** As kubectl looks: the file that is given, those of `KUBECONFIG`, `~/.kube/config` if it is there. */
export function kubeconfigFiles({ environment, file }: KubeconfigOptions): readonly string[] {
  if (file !== undefined) return [file]
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter(each => each !== '')
  if (listed.length > 0) return listed
  const ofUser = userKubeconfig(environment)
  return existsSync(ofUser) ? [ofUser] : []
}

export function userKubeconfig(environment: KubeconfigOptions['environment']): string {
  return join(environment['HOME'] ?? '/', '.kube', 'config')
}
