/**
 * What a run of each pipeline of manifests.yaml must have done when it is over and nobody cancelled it. Said a second time
 * and in other words, so that a mistake of the engine cannot agree with itself.
 *
 * `steps`: in their order, those that must have run. `attempts`: how often (1 when not said). `after`: tasks that must have
 * ended before this one begins. Steps and tasks that are not named must not have started.
 */
const NOTIFY = { notify: { steps: ['tell'], isFinally: true } }

export const SHAPES = {
  chain: {
    succeeds: true,
    results: delivery => ({ released: `of ${delivery}` }),
    tasks: {
      build: { steps: ['compile', 'publish'] },
      check: { steps: ['unit'], after: ['build'] },
      release: { steps: ['push'], after: ['check', 'build'] },
      ...NOTIFY,
    },
  },
  retry: {
    succeeds: true,
    tasks: {
      flaky: { steps: ['try'], attempts: 2, retries: 2 },
      beside: { steps: ['one', 'two'] },
      after: { steps: ['one'], after: ['flaky', 'beside'] },
    },
  },
  fail: {
    succeeds: false,
    tasks: { broken: { steps: ['lint', 'compile'] }, ...NOTIFY },
  },
  slow: {
    succeeds: true,
    waits: true,
    tasks: { wait: { steps: ['linger', 'next'] }, after: { steps: ['one'], after: ['wait'] } },
  },
  hang: {
    succeeds: false,
    waits: true,
    tasks: { hang: { steps: ['hang'], timeoutMs: 3_000 } },
  },
}
