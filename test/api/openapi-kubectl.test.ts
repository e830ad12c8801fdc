/** What the real kubectl makes of discovery and OpenAPI, in its old version and its new one. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSecurePort } from '../../src/api/access/secure-port.js'
import { openCluster } from '../cluster/open-cluster.js'
import { KUBECTLS } from '../helpers/kubectl.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { recordingLog } from '../listeners/world.js'
import { TOKEN } from './world.js'

const VERSIONS = KUBECTLS.map(({ version }) => version)

/** All that it prints; where an exit code matters, so does the text. */
async function kubectlOf(version: string): Promise<(...args: readonly string[]) => Promise<string>> {
  const dataDir = temporaryDirectory('kubectl')
  const { cluster } = openCluster(temporaryDirectory('kubectl-store'))
  const metadata = { namespace: '', name: 'default' }
  await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata })
  const api = await openSecurePort(
    { cluster, admission: () => ({}), readLogs: async () => undefined, token: TOKEN, log: recordingLog().log },
    { port: 0, bindAddress: '127.0.0.1', tlsNames: [], dataDir, tokens: { admin: TOKEN, view: 'view' }, now: Date.now },
  )
  onTestFinished(() => api.close())
  const { folder } = KUBECTLS.find(each => each.version === version)!
  const common = ['--kubeconfig', join(dataDir, 'kubeconfig'), '--cache-dir', join(dataDir, 'cache')]
  return (...args) =>
    new Promise(resolve => {
      execFile(join(folder, 'kubectl'), [...common, ...args], (_, stdout, stderr) => resolve(stdout + stderr))
    })
}

/** Without line breaks and widths, which differ between versions. */
function flat(text: string): string {
  return text.replace(/\s+/g, ' ')
}

test.each(VERSIONS)('kubectl %s explains kinds and fields', async version => {
  const kubectl = await kubectlOf(version)
  const pages = await Promise.all(
    (
      [
        [
          'pipelinerun.spec.params',
          /params <\[\](Param|Object)>.*name <string> -required- The name of the parameter\./,
        ],
        ['task', /KIND: Task VERSION: (tekton\.dev\/)?v1 .*A Task is a list of steps/],
        ['task.spec.steps.script', /script <string>.*\/bin\/sh with set -e unless it begins with #!/],
        ['tr.status.podName', /The Pod that its steps run in/],
        ['schedule.spec.schedule', /minute, hour, day of the month/],
        ['delivery.status', /triggers <\[\](TriggerVerdict|Object)> What each trigger made of it/],
        ['pod.spec.containers', /containers <\[\](Container|Object)>.*imagePullPolicy <string> Image pull policy/],
        ['deploy.spec.template.spec.volumes', /volumes <\[\](Volume|Object)>.*emptyDir/],
        ['crd.spec.versions.schema.openAPIV3Schema', /properties <map\[string\](JSONSchemaProps|Object)>/],
        ['task.spec.nosuch', /error: field "nosuch" does not exist/],
      ] as const
    ).map(async ([field, wanted]) => ({ field, wanted, text: flat(await kubectl('explain', field)) })),
  )
  for (const { field, wanted, text } of pages) expect(text, field).toMatch(wanted)
})

test.each(VERSIONS)('kubectl %s explains the version that it is asked for', async version => {
  const kubectl = await kubectlOf(version)
  const [older, newer] = await Promise.all(
    ['tekton.dev/v1beta1', 'tekton.dev/v1'].map(each =>
      kubectl('explain', 'task.spec.steps', '--recursive', '--api-version', each),
    ),
  )
  expect(older).toMatch(/^ +resources\t</m)
  expect(older).not.toMatch(/^ +computeResources\t/m)
  expect(newer).toMatch(/^ +computeResources\t</m)
  expect(newer).not.toMatch(/^ +resources\t/m)
})

test.each(VERSIONS)('kubectl %s lists all resources and versions', async version => {
  const kubectl = await kubectlOf(version)
  const [resources, versions, ofTekton] = await Promise.all([
    kubectl('api-resources', '--no-headers'),
    kubectl('api-versions'),
    kubectl('api-resources', '--api-group', 'tekton.dev', '--output', 'name', '--sort-by', 'name'),
  ])
  expect(flat(resources)).toContain('pipelineruns pr,prs tekton.dev/v1 true PipelineRun')
  expect(flat(resources)).toContain('clusterinterceptors ci triggers.tekton.dev/v1alpha1 false ClusterInterceptor')
  expect(versions.split('\n')).toEqual(
    expect.arrayContaining(['apps/v1', 'tekton.dev/v1', 'tekton.dev/v1beta1', 'triggers.tekton.dev/v1alpha1', 'v1']),
  )
  const kinds = ['customruns', 'pipelineruns', 'pipelines', 'stepactions', 'taskruns', 'tasks']
  expect(ofTekton.trim().split('\n')).toEqual(kinds.map(kind => `${kind}.tekton.dev`))
})

const WRONG_POD = `
apiVersion: v1
kind: Pod
metadata: {name: a, lables: {x: y}}
spec:
  containers: [{name: a, image: b, imagee: c, ports: [{containerPort: "80"}]}]
`

const WRONG_TASK = `
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: a}
spec: {steps: [{name: a, image: b, scripts: c}]}
`

/** What Tekton's own decoder reads, kubectl must leave to it: names in any case, and numbers as text. */
const RIGHT = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: {name: a}
spec: {resourceTemplates: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}
---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: a}
spec: {params: [{name: a, value: 5}], taskSpec: {params: [{name: a}], steps: [{name: a, image: b, Script: c}]}}
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: a}
spec: {steps: [{name: a, image: b, script: c, computeResources: {limits: {cpu: 1}}}]}
`

test.each(VERSIONS.filter(version => version < '1.24'))('kubectl %s validates before it sends', async version => {
  const kubectl = await kubectlOf(version)
  const folder = temporaryDirectory('manifests')
  const [pod, task, taken] = await Promise.all(
    Object.entries({ pod: WRONG_POD, task: WRONG_TASK, right: RIGHT }).map(([name, text]) => {
      const file = join(folder, `${name}.yaml`)
      writeFileSync(file, text)
      return kubectl('create', '-f', file)
    }),
  )
  expect(pod).toContain('(Pod.metadata): unknown field "lables" in io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
  expect(pod).toContain('(Pod.spec.containers[0]): unknown field "imagee" in io.k8s.api.core.v1.Container')
  expect(pod).toContain('ContainerPort.containerPort: got "string", expected "integer"')
  expect(task).toContain('(Task.spec.steps[0]): unknown field "scripts" in dev.tekton.v1.Step')
  expect(taken?.trim().split('\n')).toEqual([
    'triggertemplate.triggers.tekton.dev/a created',
    'taskrun.tekton.dev/a created',
    'task.tekton.dev/a created',
  ])
})
