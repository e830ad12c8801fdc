/** `--workspace name=…,…`: tkn's words for what a workspace is bound to. Pure. */
import type { WorkspaceBinding } from '../../resources/tekton.js'

/** A binding, or a file that holds the rest of it. */
export type AskedWorkspace =
  | { readonly is: 'bound'; readonly binding: WorkspaceBinding }
  | {
      readonly is: 'file'
      readonly file: string
      readonly name: string
      readonly subPath?: string
      readonly as: 'volumeClaimTemplate' | 'csi'
    }

export const WORKSPACE_FORMS =
  'name=NAME with claimName=PVC[,subPath=DIR], emptyDir=, config=CONFIGMAP[,item=KEY=PATH], secret=SECRET, volumeClaimTemplateFile=FILE or csiFile=FILE'

/** @throws Error that says what of the text is wrong, and what may be given */
export function parseWorkspace(text: string): AskedWorkspace {
  const pairs = text.split(',').map(part => {
    const at = part.indexOf('=')
    return at < 0 ? ([part.trim(), undefined] as const) : ([part.slice(0, at).trim(), part.slice(at + 1)] as const)
  })
  const known = [
    'name',
    'subPath',
    'claimName',
    'emptyDir',
    'config',
    'item',
    'secret',
    'volumeClaimTemplateFile',
    'csiFile',
  ]
  const bad = pairs.find(([key, value]) => !known.includes(key) || value === undefined)
  if (bad !== undefined) throw new Error(`"${bad[0]}" is no part of a workspace: give ${WORKSPACE_FORMS}`)
  const values = new Map(pairs.map(([key, value = '']) => [key, value]))
  const name = values.get('name')
  if (!name) throw new Error(`it has no name: give ${WORKSPACE_FORMS}`)
  const sources = ['claimName', 'emptyDir', 'config', 'secret', 'volumeClaimTemplateFile', 'csiFile'] as const
  const [source, ...others] = sources.filter(each => values.has(each))
  if (source === undefined || others.length > 0) {
    throw new Error(`workspace "${name}" needs one thing to be bound to: give ${WORKSPACE_FORMS}`)
  }
  const of = values.get(source) ?? ''
  if (of === '' && source !== 'emptyDir') throw new Error(`workspace "${name}": ${source} is empty`)
  const subPath = values.get('subPath')
  const items = pairs.flatMap(([key, value = '']) => (key === 'item' ? [itemOf(name, value)] : []))
  const place = { name, ...(subPath && { subPath }) }
  if (source === 'volumeClaimTemplateFile') return { is: 'file', file: of, ...place, as: 'volumeClaimTemplate' }
  if (source === 'csiFile') return { is: 'file', file: of, ...place, as: 'csi' }
  return { is: 'bound', binding: { ...place, ...boundTo(source, of, items) } }
}

type Bound = Exclude<WorkspaceBinding, 'name' | 'subPath'>

function boundTo(
  source: 'claimName' | 'emptyDir' | 'config' | 'secret',
  of: string,
  items: readonly { readonly key: string; readonly path: string }[],
): Omit<Bound, 'name'> {
  switch (source) {
    case 'claimName':
      return { persistentVolumeClaim: { claimName: of } }
    case 'emptyDir':
      return { emptyDir: of === '' ? {} : { medium: of } }
    case 'config':
      return { configMap: { name: of, ...(items.length > 0 && { items }) } }
    case 'secret':
      return { secret: { secretName: of, ...(items.length > 0 && { items }) } }
    default:
      throw new Error(`unknown source ${JSON.stringify(source satisfies never)}`)
  }
}

function itemOf(name: string, text: string): { readonly key: string; readonly path: string } {
  const [key, path] = text.split('=')
  if (!key || !path) throw new Error(`workspace "${name}": item=${text} is no KEY=PATH`)
  return { key, path }
}
