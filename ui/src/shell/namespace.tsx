/** Which namespace the lists are of. It is in the address (`?namespace=`), so that a link says it too. */
import { useId } from 'react'
import { useSearchParams } from 'wouter'
import { resourcePath } from '../api/paths.js'
import { useGet } from '../api/use.js'
import type { ApiList, ApiObject } from '../api/watch.js'

/** '' over all of them. */
export function useNamespace(): string {
  const [params] = useSearchParams()
  return params.get('namespace') ?? ''
}

export function NamespaceSwitch() {
  const id = useId()
  const namespace = useNamespace()
  const [, setParams] = useSearchParams()
  const { data } = useGet<ApiList<ApiObject>>(resourcePath('v1', 'namespaces'))
  const names = new Set([
    ...(data?.items ?? []).map(({ metadata }) => metadata.name),
    ...(namespace ? [namespace] : []),
  ])
  function choose(to: string) {
    setParams(before => {
      const after = new URLSearchParams(before)
      if (to === '') after.delete('namespace')
      else after.set('namespace', to)
      return after
    })
  }
  return (
    <div className="namespace">
      <label className="unseen" htmlFor={id}>
        Namespace
      </label>
      <select id={id} className="input" data-namespace value={namespace} onChange={event => choose(event.target.value)}>
        <option value="">All namespaces</option>
        {[...names].sort().map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </div>
  )
}
