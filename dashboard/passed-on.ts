/** What of the Kubernetes API the dashboard passes on to the API server, with the token of whoever asks. Pure. */
import type { Attributes } from '../src/api/access/attributes.js'

const READ = ['get', 'list', 'watch']
const WRITE = [...READ, 'create', 'update', 'patch', 'delete']

/** By API group, then by resource with its subresource: the verbs. `*` stands for every resource of the group. */
const PASSED_ON: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'tekton.dev': { '*': WRITE },
  'triggers.tekton.dev': { '*': WRITE },
  'tektite.dev': { '*': WRITE },
  '': {
    namespaces: READ,
    pods: READ,
    'pods/log': ['get'],
    events: READ,
    serviceaccounts: READ,
    persistentvolumeclaims: READ,
  },
  'events.k8s.io': { events: READ },
  'authorization.k8s.io': { selfsubjectaccessreviews: ['create'], selfsubjectrulesreviews: ['create'] },
  'authentication.k8s.io': { selfsubjectreviews: ['create'] },
}

const PATHS = [/^\/version$/, /^\/apis?$/, /^\/apis?(\/[^/]+){1,2}$/, /^\/openapi\/v[23]/]

/**
 * Never Secrets and ConfigMaps, whatever the token may see: a page in a browser is no place for them. Nor `exec` and its
 * like.
 */
export function isPassedOn(asked: Attributes): boolean {
  if ('path' in asked) return asked.verb === 'get' && PATHS.some(path => path.test(asked.path))
  const resources = PASSED_ON[asked.group] ?? {}
  const name = asked.subresource === '' ? asked.resource : `${asked.resource}/${asked.subresource}`
  return (resources[name] ?? resources['*'] ?? []).includes(asked.verb)
}

/**
 * Whether the API server reads the path as we do. What is cleaned up on the way (`..`, `//`, a slash in disguise, all behind a
 * `#`) could name something else by then.
 */
export function isPlainPath(path: string): boolean {
  return path
    .slice(1)
    .split('/')
    .every((part, at, all) => {
      if (part === '') return at === all.length - 1 && all.length === 1
      const decoded = decodeURIComponent(part)
      return decoded !== '.' && decoded !== '..' && !/[/\\%#\0]/.test(decoded)
    })
}
