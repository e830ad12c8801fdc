import fc from 'fast-check'
import { expect, test } from 'vitest'
import { restrictedContext, withRestricted } from '../../src/pod/pod-security.js'
import type { SecurityContext } from '../../src/resources/core.js'
import { containerProblems } from '../helpers/pod-security-standard.js'

const said = fc.record(
  {
    runAsUser: fc.constantFrom(0, 1000),
    runAsNonRoot: fc.boolean(),
    allowPrivilegeEscalation: fc.boolean(),
    privileged: fc.boolean(),
    capabilities: fc.constantFrom(
      { drop: ['ALL'] },
      { add: ['NET_BIND_SERVICE'] },
      { add: ['SYS_ADMIN'] },
      { drop: ['CHOWN'] },
    ),
    seccompProfile: fc.constantFrom({ type: 'RuntimeDefault' }, { type: 'Unconfined' }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<SecurityContext>
const ofPod = said.map(({ runAsUser, runAsNonRoot, seccompProfile }) =>
  Object.fromEntries(
    Object.entries({ runAsUser, runAsNonRoot, seccompProfile }).filter(([, value]) => value !== undefined),
  ),
)

function capabilitiesOf({ capabilities }: SecurityContext): readonly string[] {
  return (capabilities as { readonly add?: readonly string[] } | undefined)?.add ?? []
}

test('who asks for privileges is not told that they contradict what we fill in', () => {
  for (const asked of [{ privileged: true }, { capabilities: { add: ['SYS_ADMIN'] } }]) {
    const { securityContext } = withRestricted({ name: 'one', image: 'x', securityContext: asked as SecurityContext })
    expect(securityContext).not.toHaveProperty('allowPrivilegeEscalation')
  }
})

test('what a container leaves unsaid is filled in, what it says stands, and what is refused then is what was said', () => {
  fc.assert(
    fc.property(said, ofPod, (securityContext, pod) => {
      const filled = withRestricted({ name: 'one', image: 'x', securityContext }, pod)
      for (const [field, value] of Object.entries(securityContext)) {
        expect(filled.securityContext).toMatchObject({ [field]: value })
      }
      expect(withRestricted(filled, pod)).toEqual(filled)
      // The least that one has to take back of what was said for the rest to be taken.
      const refused = containerProblems(filled, pod)
      const words = new Set([...Object.keys(securityContext), ...Object.keys(pod)])
      // Said with other words; with ours beside them the API server would only see a contradiction.
      const escalates = securityContext.privileged === true || capabilitiesOf(securityContext).includes('SYS_ADMIN')
      if (escalates) words.add('allowPrivilegeEscalation')
      for (const problem of refused) {
        const about = /root|user/i.test(problem) ? ['runAsUser', 'runAsNonRoot'] : [problem.split(/[ .]/)[0] ?? '']
        expect(
          about.some(field => words.has(field)),
          problem,
        ).toBe(true)
      }
    }),
  )
})

test('our own container keeps to the profile, unless the Pod makes everybody root', () => {
  const container = (pod?: SecurityContext) => ({
    name: 'prepare',
    image: 'x',
    securityContext: restrictedContext(pod),
  })
  for (const pod of [{}, { runAsUser: 1001 }, { runAsNonRoot: true, fsGroup: 1 }]) {
    expect(containerProblems(container(pod), pod)).toEqual([])
  }
  const root = { runAsUser: 0 }
  expect(containerProblems(container(root), root)).toEqual(['runAsNonRoot is not true', 'runs as root'])
})
