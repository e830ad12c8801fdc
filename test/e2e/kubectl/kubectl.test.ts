/**
 * The real kubectl, each version there is, against a real `tektite up`. What is tried stands in `sessions/`: pages of
 * commands and what they print, checked line by line. `UPDATE_GOLDEN=1` writes down what was printed by the newest.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { engineOfFile } from '../../helpers/engine.js'
import { KUBECTLS } from '../../helpers/kubectl.js'
import { isFor, parseSession, renderStep } from './session.js'
import { runCommand, type Shell } from './shell.js'

const SESSIONS = join(import.meta.dirname, 'sessions')
const PAGES = readdirSync(SESSIONS).filter(file => file.endsWith('.md'))

for (const kubectl of KUBECTLS) {
  describe(`kubectl ${kubectl.version}`, () => {
    const engine = engineOfFile('kubectl')

    test.concurrent.each(PAGES)('%s', { timeout: 120_000 }, async page => {
      const shell = openShell(basename(page, '.md'))
      const prepared = await runCommand(shell, PREPARE.replaceAll('NAMESPACE', basename(page, '.md')))
      expect([prepared.code, prepared.stderr]).toEqual([0, ''])
      const text = readFileSync(join(SESSIONS, page), 'utf8')
      const rendered: string[] = []
      for (const step of parseSession(text)) {
        const runs = step.command !== undefined && isFor(step, kubectl.version)
        const lines = runs ? renderStep(step, await runCommand(shell, step.command ?? '')) : undefined
        rendered.push(...(lines ?? [...step.source, ...step.expected]))
      }
      const now = `${rendered.join('\n')}\n`
      if (process.env['UPDATE_GOLDEN'] === '1' && kubectl === KUBECTLS.at(-1)) writeFileSync(join(SESSIONS, page), now)
      expect(now).toBe(text)
    })

    /** In a namespace of its own; its folder has the manifests, and the kubeconfigs of both roles. */
    function openShell(namespace: string): Shell {
      const folder = join(engine.folder, namespace)
      mkdirSync(folder, { recursive: true })
      cpSync(join(import.meta.dirname, 'manifests'), folder, { recursive: true })
      for (const name of ['kubeconfig', 'kubeconfig-view']) {
        const config = parse(readFileSync(join(engine.data, name), 'utf8')) as KubeConfig
        for (const { context } of config.contexts) context.namespace = namespace
        writeFileSync(join(folder, name), stringify(config))
      }
      return { kubectl, kubeconfig: join(folder, 'kubeconfig'), folder, home: join(engine.folder, 'home') }
    }
  })
}

/** A second try of a test finds what the first one left. */
const PREPARE = `kubectl delete namespace NAMESPACE --ignore-not-found && kubectl create namespace NAMESPACE`

interface KubeConfig {
  readonly contexts: readonly { readonly context: { namespace?: string } }[]
}
