/** What whoever signed in may do. The server says so, and says it again when it is done. */
import { useEffect, useState } from 'react'
import { request } from './client.js'
import { onSession } from './session.js'

export interface Action {
  readonly verb: 'create' | 'update' | 'patch' | 'delete'
  readonly group: string
  /** Plural; with a subresource behind a slash. */
  readonly resource: string
  readonly namespace: string
}

const verdicts = new Map<string, Promise<boolean>>()
onSession(() => verdicts.clear())

/** False until the server has said yes: what one may not do is not offered. */
export function useMay(action: Action | undefined): boolean {
  const key = action === undefined ? '' : JSON.stringify(action)
  const [verdict, setVerdict] = useState({ key: '', may: false })
  useEffect(() => {
    if (key === '') return
    let left = false
    void may(key).then(may => left || setVerdict({ key, may }))
    return () => {
      left = true
    }
  }, [key])
  return verdict.key === key && verdict.may
}

/** Asked once while one is signed in. */
function may(key: string): Promise<boolean> {
  const asked = verdicts.get(key) ?? ask(JSON.parse(key) as Action)
  verdicts.set(key, asked)
  // No answer is no verdict: it is asked again.
  asked.catch(() => verdicts.delete(key))
  return asked.catch(() => false)
}

async function ask({ verb, group, resource, namespace }: Action): Promise<boolean> {
  const [plural, subresource] = resource.split('/')
  const attributes = {
    verb,
    group,
    resource: plural,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
  }
  const { status } = await request<{ status: { allowed: boolean } }>(
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    {
      method: 'POST',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: attributes },
      },
    },
  )
  return status.allowed
}
