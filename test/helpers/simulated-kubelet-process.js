// A simulated kubelet as a process of its own: --kubeconfig <file> [--ledger <file>] [--step-ms <n>] [--writes every|few|one]
// [--plan <module that exports plan>]. Says `ready` when it has seen the Pods; SIGTERM ends it. Needs the compiled program.
import { parseArgs } from 'node:util'
import { connectionFromEnvironment } from '../../dist/src/cluster/kubernetes/kubeconfig.js'
import { openKubernetesCluster } from '../../dist/src/cluster/kubernetes.js'
import { startSimulatedKubelet } from './simulated-kubelet.js'

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    ledger: { type: 'string' },
    'step-ms': { type: 'string', default: '0' },
    writes: { type: 'string', default: 'few' },
    plan: { type: 'string' },
  },
})
const { plan } = values.plan === undefined ? {} : await import(values.plan)
const connection = await connectionFromEnvironment({ environment: process.env, file: values.kubeconfig })
const cluster = openKubernetesCluster({ connection })
const kubelet = startSimulatedKubelet({
  cluster,
  stepMs: Number(values['step-ms']),
  writes: values.writes,
  ...(values.ledger !== undefined && { ledger: values.ledger }),
  ...(plan && { plan }),
})
process.once('SIGTERM', async () => {
  await kubelet.close()
  cluster.close()
})
await kubelet.ready
console.log('ready')
