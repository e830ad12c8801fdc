/** What kubectl says when a version that it asks for is no longer kept. By a store that keeps few. */
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSecurePort } from '../../../src/api/access/secure-port.js'
import { configMap, openCluster } from '../../cluster/open-cluster.js'
import { KUBECTLS } from '../../helpers/kubectl.js'
import { temporaryDirectory } from '../../helpers/temp-directory.js'
import { recordingLog } from '../../listeners/world.js'
import { runCommand, type Shell } from './shell.js'

/** More than are kept in memory: what is older is read from the log, which is shortened every now and then. */
const WRITES = 1_100

describe.each(KUBECTLS)('kubectl $version', kubectl => {
  test('versions that are no longer kept', async () => {
    const { cluster } = openCluster(temporaryDirectory('too-old'), { keepEvents: 10 })
    await cluster.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'ns', namespace: '' },
    })
    const first = await cluster.create('ConfigMap', configMap('first'))
    await cluster.create('ConfigMap', configMap('second'))
    const folder = temporaryDirectory('too-old')
    const { log } = recordingLog()
    const port = await openSecurePort(
      { cluster, admission: () => ({}), readLogs: async () => undefined, token: 'token', log },
      {
        port: 0,
        bindAddress: '127.0.0.1',
        tlsNames: [],
        dataDir: folder,
        tokens: { admin: 'token', view: 'view' },
        now: Date.now,
      },
    )
    onTestFinished(() => port.close())
    const shell: Shell = { kubectl, kubeconfig: port.kubeconfig, home: join(folder, 'home'), folder }
    const get = (query: string) => runCommand(shell, `kubectl get --raw '/api/v1/namespaces/ns/configmaps?${query}'`)

    const version = first.metadata.resourceVersion
    const page = await get('limit=1')
    const { metadata } = JSON.parse(page.stdout) as { metadata: { continue: string } }
    await Promise.all(Array.from({ length: WRITES }, (_, n) => cluster.create('ConfigMap', configMap(`n${n}`))))

    expect(await get(`resourceVersion=${version}&resourceVersionMatch=Exact`)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error from server (Expired): The resourceVersion for the provided list is too old.\n',
    })
    expect(await get(`limit=1&continue=${metadata.continue}`)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(
        'Error from server (Expired): The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
      ),
    })
    const watch = await get(`watch=true&resourceVersion=${version}&timeoutSeconds=5`)
    expect([watch.code, JSON.parse(watch.stdout)]).toMatchObject([
      0,
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          reason: 'Expired',
          code: 410,
          message: expect.stringMatching(`^too old resource version: ${version} `),
        },
      },
    ])
    // What kubectl itself asks for starts anew.
    const names = await runCommand(shell, 'kubectl get configmaps --namespace ns --chunk-size=500 -o name | wc -l')
    expect(names).toEqual({ code: 0, stdout: `${WRITES + 2}\n`, stderr: '' })
  })
})
