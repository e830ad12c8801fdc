import { expect, test } from 'vitest'
import type { Step, StepActionSpec } from '../../src/resources/tekton.js'
import { applyStepAction } from '../../src/run/step-actions.js'
import { yaml } from '../helpers/yaml.js'

interface Case {
  readonly step: Step
  readonly action: StepActionSpec
  readonly becomes?: Step
  readonly wrong?: string
}

const table = yaml<Record<string, Case>>(`
what the action says comes in, what the step says besides stays:
  step: { name: s, ref: { name: x }, params: [], onError: continue, timeout: 1s, envFrom: [{ secretRef: { name: e } }], securityContext: { runAsUser: 1 } }
  action: { image: i, command: [c], workingDir: /w, volumeMounts: [{ name: v, mountPath: /m }] }
  becomes: { name: s, onError: continue, timeout: 1s, envFrom: [{ secretRef: { name: e } }], image: i, command: [c], workingDir: /w, volumeMounts: [{ name: v, mountPath: /m }] }
the security context is the action's:
  step: { name: s, ref: { name: x } }
  action: { image: i, securityContext: { runAsUser: 2 } }
  becomes: { name: s, image: i, securityContext: { runAsUser: 2 } }
params, defaults that mention each other in any order; context and result paths are the merged step's:
  step: { name: s, ref: { name: x }, params: [{ name: a, value: A }] }
  action:
    image: i
    params: [{ name: c, default: "<$(params.b)>" }, { name: b, default: "[$(params.a)]" }, { name: a, default: no }]
    results: [{ name: r }]
    args: ["$(params.c)", "$(params.theTasks)", "$(context.taskRun.name)", "$(step.results.r.path)"]
  becomes: { name: s, image: i, args: ["<[A]>", "$(params.theTasks)", "$(context.taskRun.name)", "$(step.results.r.path)"], results: [{ name: r }] }
a given value is not read again:
  step: { name: s, ref: { name: x }, params: [{ name: a, value: $(params.b) }, { name: b, value: B }] }
  action: { image: i, params: [{ name: a }, { name: b }], args: [$(params.a)] }
  becomes: { name: s, image: i, args: [$(params.b)] }
an object takes what is missing from its default:
  step: { name: s, ref: { name: x }, params: [{ name: o, value: { a: "1" } }] }
  action: { image: i, params: [{ name: o, type: object, default: { a: x, b: y } }], args: [$(params.o.a), $(params.o.b)] }
  becomes: { name: s, image: i, args: ["1", y] }
results of a step before, whole and in parts:
  step: { name: s, ref: { name: x }, params: [{ name: l, value: "$(steps.p.results.l[*])" }, { name: o, value: $(steps.p.results.o) }, { name: t, value: $(steps.p.results.t) }] }
  action:
    image: i
    params: [{ name: l, type: array }, { name: o, type: object }, { name: t }]
    args: ["$(params.l[*])", "$(params.l[2])", "$(params.o.k)", "$(params['l'][0])", "$(params.t)"]
  becomes: { name: s, image: i, args: ["$(steps.p.results.l[*])", "$(steps.p.results.l[2])", $(steps.p.results.o.k), "$(steps.p.results.l[0])", $(steps.p.results.t)] }
params that are missing:
  step: { name: s, ref: { name: x } }
  action: { image: i, params: [{ name: a }, { name: b }, { name: c, default: d }] }
  wrong: "non-existent params in Step: [a b]"
params nobody asked for:
  step: { name: s, ref: { name: x }, params: [{ name: z, value: z }] }
  action: { image: i }
  wrong: "extra params passed by Step to StepAction: [z]"
text for a list that has a default:
  step: { name: s, ref: { name: x }, params: [{ name: l, value: text }] }
  action: { image: i, params: [{ name: l, type: array, default: [a] }] }
  wrong: "invalid parameter substitution: l. Please check the types of the default value and the passed value"
a list for a text that has a default:
  step: { name: s, ref: { name: x }, params: [{ name: t, value: [a] }] }
  action: { image: i, params: [{ name: t, default: a }] }
  wrong: "invalid parameter substitution: t. Please check the types of the default value and the passed value"
defaults in a circle:
  step: { name: s, ref: { name: x } }
  action: { image: i, params: [{ name: a, default: $(params.b) }, { name: b, default: $(params.a) }] }
  wrong: circular dependency detected in parameter references
a default that mentions what is not there:
  step: { name: s, ref: { name: x } }
  action: { image: i, params: [{ name: a, default: $(params.b) }] }
  wrong: parameter "a" references non-existent parameter "b"
`)

test.each(Object.entries(table))('StepAction: %s', (_, { step, action, becomes, wrong }) => {
  const outcome = applyStepAction(step, 0, action)
  if (wrong === undefined) expect(outcome).toEqual({ is: 'step', step: becomes })
  else expect(outcome).toEqual({ is: 'wrong', message: `failed to resolve step ref for step "s" (index 0): ${wrong}` })
})
