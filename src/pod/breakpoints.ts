/**
 * A TaskRun's `debug.breakpoints`: steps that stop, and the scripts by which somebody inside their container lets them
 * go on. The waiting is the entrypoint's.
 */
import type { Volume, VolumeMount } from '../resources/core.js'
import type { TaskRunSpec } from '../resources/tekton.js'
import type { EntrypointOptions } from './entrypoint-args.js'
import { runFolder } from './volumes.js'

const SCRIPTS: VolumeMount = {
  name: 'tekton-internal-debug-scripts',
  mountPath: '/tekton/debug/scripts',
  readOnly: true,
}
const INFO = { name: 'tekton-internal-debug-info', mountPath: '/tekton/debug/info' }
const ANNOTATION_PREFIX = 'tektite.dev/'
const EXECUTABLE = 0o555

export interface Breakpoints {
  readonly annotations: Readonly<Record<string, string>>
  readonly volumes: readonly Volume[]
  /** Of step `index`. */
  readonly mounts: (index: number) => readonly VolumeMount[]
  readonly flags: (step: string) => Pick<EntrypointOptions, 'breakpointOnFailure' | 'debugBeforeStep'>
}

const NONE: Breakpoints = { annotations: {}, volumes: [], mounts: () => [], flags: () => ({}) }

/** @param steps names as the task has them: those are what `beforeSteps` lists */
export function breakpointsOf(debug: TaskRunSpec['debug'], steps: readonly (string | undefined)[]): Breakpoints {
  const { onFailure, beforeSteps = [] } = debug?.breakpoints ?? {}
  const atFailure = onFailure === 'enabled'
  if (!atFailure && beforeSteps.length === 0) return NONE
  const before = beforeSteps.some(name => steps.includes(name))
  const files = new Map([
    ...(atFailure
      ? [
          ['debug-continue', letGoOn(steps.length, 'out.breakpointexit', 0)] as const,
          ['debug-fail-continue', letGoOn(steps.length, 'out.breakpointexit', 1)] as const,
        ]
      : []),
    ...(before
      ? [
          ['debug-beforestep-continue', letGoOn(steps.length, 'out.beforestepexit', 0)] as const,
          ['debug-beforestep-fail-continue', letGoOn(steps.length, 'out.beforestepexit.err', 1)] as const,
        ]
      : []),
  ])
  const items = [...files.keys()].map(file => ({
    path: file,
    fieldRef: { fieldPath: `metadata.annotations['${ANNOTATION_PREFIX}${file}']` },
  }))
  return {
    annotations: Object.fromEntries([...files].map(([file, text]) => [ANNOTATION_PREFIX + file, text])),
    volumes: [
      { name: SCRIPTS.name, downwardAPI: { defaultMode: EXECUTABLE, items } },
      { name: INFO.name, emptyDir: {} },
    ],
    mounts: index => [SCRIPTS, { name: INFO.name, mountPath: `${INFO.mountPath}/${index}`, subPath: String(index) }],
    flags: step => ({ breakpointOnFailure: atFailure, debugBeforeStep: beforeSteps.includes(step) }),
  }
}

/** The number of the step is that of the only folder which its container sees. */
function letGoOn(steps: number, file: string, code: number): string {
  const target = runFolder(0).replace(/0$/, '$step')
  return `#!/bin/sh
set -e
step=$(ls ${INFO.mountPath} | grep -E '^[0-9]+$' | tail -n 1)
if [ "$step" -lt ${steps} ]; then
  echo ${code} > "${target}/${file}"
  echo "Executing step $step..."
else
  echo "Last step (no. $step) has already been executed, breakpoint exiting !"
fi
`
}
