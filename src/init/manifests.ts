/** The files that `tektite init` writes. Text, not objects: their comments are for whoever changes them. Pure. */
import type { Project, ProjectTask } from './project.js'

/** What sends the webhooks. */
export type GitHost = 'github' | 'gitlab'

export interface Repository {
  /** A DNS label: of the Pipeline, and in front of the names of runs. */
  readonly name: string
  readonly host: GitHost
  /** Where it is cloned from; '' when it has no remote yet. */
  readonly url: string
}

/** A name for objects, of whatever a folder is called. */
export function objectName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return name === '' ? 'pipeline' : name
}

export function gitHostOf(url: string): GitHost {
  return /gitlab/i.test(url) ? 'gitlab' : 'github'
}

/**
 * `git@host:owner/name.git` and `ssh://…` as an address that needs no key, without a name or a password in it; '' for what
 * only this machine knows.
 */
export function cloneUrl(remote: string): string {
  const [, host, path] = /^(?:ssh:\/\/)?(?:[^@/]+@)([^:/]+)(?::\d+)?[:/](.+)$/.exec(remote) ?? []
  if (!/^https?:/.test(remote) && host !== undefined && path !== undefined) return `https://${host}/${path}`
  const url = URL.parse(remote)
  if (url === null || !/^https?:$/.test(url.protocol)) return ''
  url.username = ''
  url.password = ''
  return url.href
}

export function pipelineYaml({ name }: Pick<Repository, 'name'>, project: Project): string {
  return `# What is done with ${project.is}: here with your working tree, and for a webhook with a fresh clone.
#
#   tektite run -f .tekton/pipeline.yaml -w source=.
apiVersion: tekton.dev/v1
kind: Pipeline
metadata:
  name: ${name}
spec:
  params:
    - name: url
      description: Where to clone from; empty for what is in the workspace already
      default: ""
    - name: revision
      description: The commit, branch or tag to check out
      default: HEAD
  workspaces:
    - name: source
  tasks:
    - name: clone
      when:
        - input: $(params.url)
          operator: notin
          values: [""]
      workspaces: [{ name: source }]
      taskSpec:
        workspaces: [{ name: source }]
        steps:
          - name: clone
            image: alpine/git
            workingDir: $(workspaces.source.path)
            # Not in the script itself: what comes with a webhook is no shell.
            env:
              - { name: URL, value: $(params.url) }
              - { name: REVISION, value: $(params.revision) }
            script: |
              #!/bin/sh
              set -eu
              git init --quiet .
              git fetch --quiet --depth 1 -- "$URL" "$REVISION"
              git checkout --quiet FETCH_HEAD
${project.tasks.map(task => taskYaml(task, project.image)).join('')}`
}

function taskYaml({ name, runAfter, script }: ProjectTask, image: string): string {
  const lines = script.split('\n').map(line => `              ${line}\n`)
  return `    - name: ${name}
      runAfter: [${(runAfter.length > 0 ? runAfter : ['clone']).join(', ')}]
      workspaces: [{ name: source }]
      taskSpec:
        workspaces: [{ name: source }]
        steps:
          - name: ${name}
            image: ${image}
            workingDir: $(workspaces.source.path)
            script: |
              #!/bin/sh
              set -eu
${lines.join('')}`
}

const EVENTS: Readonly<Record<GitHost, string>> = {
  github: `    - name: push
      interceptors:
        - ref: { name: github }
          params:
            - { name: secretRef, value: { secretName: webhook, secretKey: token } }
            - { name: eventTypes, value: [push] }
        - ref: { name: cel }
          params:
            - name: filter
              value: body.ref.startsWith('refs/heads/') && !body.deleted
      bindings:
        - { name: url, value: $(body.repository.clone_url) }
        - { name: revision, value: $(body.after) }
      template: { ref: NAME }
    - name: pull-request
      interceptors:
        - ref: { name: github }
          params:
            - { name: secretRef, value: { secretName: webhook, secretKey: token } }
            - { name: eventTypes, value: [pull_request] }
        - ref: { name: cel }
          params:
            - name: filter
              value: body.action in ['opened', 'synchronize', 'reopened']
      bindings:
        - { name: url, value: $(body.repository.clone_url) }
        - { name: revision, value: refs/pull/$(body.number)/head }
      template: { ref: NAME }
`,
  gitlab: `    - name: push
      interceptors:
        - ref: { name: gitlab }
          params:
            - { name: secretRef, value: { secretName: webhook, secretKey: token } }
            - { name: eventTypes, value: [Push Hook] }
        - ref: { name: cel }
          params:
            - name: filter
              value: body.after != '0000000000000000000000000000000000000000'
      bindings:
        - { name: url, value: $(body.project.git_http_url) }
        - { name: revision, value: $(body.after) }
      template: { ref: NAME }
    - name: merge-request
      interceptors:
        - ref: { name: gitlab }
          params:
            - { name: secretRef, value: { secretName: webhook, secretKey: token } }
            - { name: eventTypes, value: [Merge Request Hook] }
        - ref: { name: cel }
          params:
            - name: filter
              value: body.object_attributes.action in ['open', 'update', 'reopen']
      bindings:
        - { name: url, value: $(body.project.git_http_url) }
        - { name: revision, value: refs/merge-requests/$(body.object_attributes.iid)/head }
      template: { ref: NAME }
`,
}

const HOST_NAMES: Readonly<Record<GitHost, string>> = { github: 'GitHub', gitlab: 'GitLab' }

export function webhookYaml({ name, host }: Pick<Repository, 'name' | 'host'>): string {
  return `# A webhook of ${HOST_NAMES[host]} becomes a run of the pipeline beside this file. It is signed with a secret that is in no file:
#
#   kubectl create secret generic webhook --from-literal=token="$(openssl rand -hex 20)"
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata:
  name: ${name}
spec:
  triggers:
${EVENTS[host].replaceAll('NAME', name)}---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata:
  name: ${name}
spec:
  params:
    - name: url
    - name: revision
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: PipelineRun
      metadata:
        generateName: ${name}-
      spec:
        pipelineRef: { name: ${name} }
        params:
          - { name: url, value: $(tt.params.url) }
          - { name: revision, value: $(tt.params.revision) }
        workspaces:
          - name: source
            volumeClaimTemplate:
              spec:
                accessModes: [ReadWriteOnce]
                resources: { requests: { storage: 1Gi } }
`
}

/** @param timeZone an IANA name */
export function scheduleYaml({ name, url }: Pick<Repository, 'name' | 'url'>, timeZone: string): string {
  return `# The pipeline beside this file, each night. \`tektite schedule run ${name}-nightly\` does it now.
apiVersion: tektite.dev/v1alpha1
kind: Schedule
metadata:
  name: ${name}-nightly
spec:
  schedule: "0 3 * * *"
  timeZone: ${timeZone}
  concurrencyPolicy: Forbid
  params:
    - { name: url, value: ${JSON.stringify(url)} }
    - { name: revision, value: HEAD }
  # That of webhook.yaml.
  template: { ref: ${name} }
`
}
