/** A pipeline whose tasks wait for files, so that a test says when each of them goes on. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const GATED = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: gated }
spec:
  params: [{ name: gates }]
  tasks:
    - name: build
      params: [{ name: gates, value: $(params.gates) }]
      taskSpec:
        params: [{ name: gates }]
        results: [{ name: digest }]
        steps:
          - name: compile
            image: alpine
            env: [{ name: GATES, value: $(params.gates) }]
            script: |
              echo "compiling <b>everything</b>"
              while [ ! -e "$GATES/build" ]; do sleep 0.05; done
              echo "compiled"
              printf 'sha256:1234' > $(results.digest.path)
    - name: check
      runAfter: [build]
      params: [{ name: gates, value: $(params.gates) }]
      taskSpec:
        params: [{ name: gates }]
        steps:
          - name: check
            image: alpine
            env: [{ name: GATES, value: $(params.gates) }]
            script: |
              while [ ! -e "$GATES/check" ]; do sleep 0.05; done
              exit "$(cat "$GATES/check")"
    - name: never
      runAfter: [check]
      when: [{ input: "a", operator: in, values: ["b"] }]
      taskSpec: { steps: [{ name: never, image: alpine, script: "true" }] }
  finally:
    - name: report
      taskSpec: { steps: [{ name: report, image: alpine, script: "echo reported" }] }
`

export interface Gates {
  readonly folder: string
  readonly open: (task: 'build' | 'check', exitCode?: number) => void
}

export function createGates(): Gates {
  const folder = mkdtempSync(join(tmpdir(), 'tektite-gates-'))
  return { folder, open: (task, exitCode = 0) => writeFileSync(join(folder, task), `${exitCode}`) }
}

export function gatedRun({ folder }: Gates): unknown {
  return { pipelineRef: { name: 'gated' }, params: [{ name: 'gates', value: folder }] }
}
