// What happens in the Pods of manifests.yaml, for the simulated kubelet: the images of their steps say it.

const SLOW_MS = 1_500
/** Well over the timeout of its task. */
const HANG_MS = 600_000

export function plan({ metadata, spec }) {
  const isFirst = !/-retry\d+$/.test(metadata.name)
  const steps = spec.containers.filter(({ name }) => name.startsWith('step-'))
  const version = steps.flatMap(({ env = [] }) => env).find(({ name }) => name === 'VERSION')?.value
  return {
    results: { version: version ?? `of ${metadata.labels.delivery}` },
    steps: Object.fromEntries(steps.map(({ name, image }) => [name.replace(/^step-/, ''), ofImage(image, isFirst)])),
  }
}

function ofImage(image, isFirst) {
  switch (image) {
    case 'faults/fails':
      return { exitCode: 1 }
    case 'faults/fails-first':
      return { exitCode: isFirst ? 1 : 0 }
    case 'faults/slow':
      return { ms: SLOW_MS }
    case 'faults/hangs':
      return { ms: HANG_MS }
    default:
      return {}
  }
}
