/** Where the server keeps what the page shows. Every name in a path is escaped here, and nowhere else. */

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** @param namespace '' over all namespaces */
export function ownPath(resource: string, namespace = '', ...rest: readonly string[]): string {
  return resourcePath('tektite.dev/v1alpha1', resource, namespace, ...rest)
}

export function tektonPath(resource: string, namespace = '', ...rest: readonly string[]): string {
  return resourcePath(resource === 'customruns' ? 'tekton.dev/v1beta1' : 'tekton.dev/v1', resource, namespace, ...rest)
}

/** `apiVersion` as in an object: `v1`, `tekton.dev/v1`. */
export function resourcePath(apiVersion: string, resource: string, namespace = '', ...rest: readonly string[]): string {
  const place = namespace === '' ? [] : ['namespaces', namespace]
  const root = apiVersion.includes('/') ? '/apis' : '/api'
  return `${root}/${apiVersion}/${[...place, resource, ...rest].map(encodeURIComponent).join('/')}`
}

/** What is undefined or '' is left out. */
export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  if (given.length === 0) return path
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}
