/** Starts a Pipeline or a Task: asks for what it takes, and shows what it will create before it does. */
import { type FormEvent, useId, useState } from 'react'
import { useLocation } from 'wouter'
import type { ParamSpec } from '../../../src/resources/tekton.js'
import { messageOf, request } from '../api/client.js'
import { tektonPath } from '../api/paths.js'
import { runHref } from '../api/runs.js'
import type { ApiObject } from '../api/watch.js'
import { Dialog } from '../components/dialog.js'
import { StatusIcon } from '../components/status.js'
import { Yaml } from '../components/yaml.js'
import {
  type Filled,
  type FilledWorkspace,
  filledFromDefaults,
  missing,
  runOf,
  type Startable,
  VOLUMES,
} from './run-of-form.js'
import './start.css'

export function StartDialog({ of, onClose }: { readonly of: Startable; readonly onClose: () => void }) {
  const [, navigate] = useLocation()
  const [filled, setFilled] = useState<Filled>(() => filledFromDefaults(of))
  const [isSending, setSending] = useState(false)
  const [problem, setProblem] = useState('')
  const { name, namespace } = of.metadata
  const run = runOf(of, filled)
  const lacks = missing(of, filled)
  const account = useId()

  async function start(event: FormEvent) {
    event.preventDefault()
    setSending(true)
    try {
      const plural = of.kind === 'Task' ? 'taskruns' : 'pipelineruns'
      const made = await request<ApiObject>(tektonPath(plural, namespace), { method: 'POST', body: run })
      navigate(runHref({ namespace, uid: made.metadata.uid }))
    } catch (error) {
      setProblem(messageOf(error))
      setSending(false)
    }
  }

  return (
    <Dialog title={`Start ${name}`} onClose={onClose} wide>
      <form onSubmit={event => void start(event)}>
        <div className="dialog-body start">
          <div className="start-fields">
            {of.spec.description !== undefined && <p className="soft">{of.spec.description}</p>}
            {(of.spec.params ?? []).map(param => (
              <ParamField
                key={param.name}
                param={param}
                text={filled.params[param.name] ?? ''}
                onChange={text => setFilled({ ...filled, params: { ...filled.params, [param.name]: text } })}
              />
            ))}
            {(of.spec.workspaces ?? []).map(({ name: workspace, description, optional = false }) => (
              <WorkspaceField
                key={workspace}
                name={workspace}
                description={description}
                isOptional={optional}
                filled={filled.workspaces[workspace] ?? { kind: '', text: '' }}
                onChange={chosen => setFilled({ ...filled, workspaces: { ...filled.workspaces, [workspace]: chosen } })}
              />
            ))}
            <div className="field">
              <label htmlFor={account}>Service account</label>
              <input
                id={account}
                className="input"
                placeholder="default"
                value={filled.serviceAccount}
                onChange={event => setFilled({ ...filled, serviceAccount: event.target.value })}
              />
            </div>
          </div>
          <div className="start-yaml card">
            <Yaml value={run} name={`${name}-run`} />
          </div>
          {problem !== '' && (
            <div className="notice start-problem" data-status="failed" role="alert">
              <StatusIcon status="failed" />
              <span>{problem}</span>
            </div>
          )}
        </div>
        <div className="dialog-foot">
          {lacks.length > 0 && <span className="small soft start-lacks">Still to fill in: {lacks.join(', ')}</span>}
          <button type="button" className="button" onClick={onClose}>
            Not now
          </button>
          <button type="submit" className="button primary" disabled={lacks.length > 0 || isSending}>
            Start
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function ParamField({
  param,
  text,
  onChange,
}: {
  readonly param: ParamSpec
  readonly text: string
  readonly onChange: (text: string) => void
}) {
  const id = useId()
  const { name, description, type = 'string', enum: choices, default: given } = param
  const hint = [
    description,
    type === 'array' && 'One item on each line.',
    type === 'object' &&
      `One key=value on each line${param.properties ? `: ${Object.keys(param.properties).join(', ')}` : ''}.`,
  ].filter(Boolean)
  const common = { id, className: 'input', value: text, 'aria-describedby': `${id}-hint` }
  return (
    <div className="field">
      <label htmlFor={id}>
        {name}
        {given === undefined && <span className="faint"> required</span>}
      </label>
      {choices !== undefined ? (
        <select {...common} onChange={event => onChange(event.target.value)}>
          {given === undefined && <option value="">Choose…</option>}
          {choices.map(choice => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : type !== 'string' || text.includes('\n') ? (
        <textarea {...common} rows={3} spellCheck={false} onChange={event => onChange(event.target.value)} />
      ) : (
        <input {...common} spellCheck={false} onChange={event => onChange(event.target.value)} />
      )}
      <span id={`${id}-hint`} className="small soft">
        {hint.join(' ')}
      </span>
    </div>
  )
}

const VOLUME_WORDS = {
  emptyDir: 'Empty folder, gone after each task',
  volumeClaimTemplate: 'New volume of this size',
  persistentVolumeClaim: 'Claim that is there, by name',
  configMap: 'ConfigMap, by name',
  secret: 'Secret, by name',
} as const

function WorkspaceField({
  name,
  description,
  isOptional,
  filled: { kind, text },
  onChange,
}: {
  readonly name: string
  readonly description: string | undefined
  readonly isOptional: boolean
  readonly filled: FilledWorkspace
  readonly onChange: (chosen: FilledWorkspace) => void
}) {
  const id = useId()
  const isMade = kind === 'volumeClaimTemplate'
  return (
    <div className="field">
      <label htmlFor={id}>
        Workspace {name}
        {!isOptional && <span className="faint"> required</span>}
      </label>
      <div className="start-workspace">
        <select
          id={id}
          className="input"
          value={kind}
          onChange={event => {
            const chosen = VOLUMES.find(each => each === event.target.value) ?? ''
            onChange({ kind: chosen, text: chosen === 'volumeClaimTemplate' ? '1Gi' : '' })
          }}
        >
          {isOptional && <option value="">None</option>}
          {VOLUMES.map(volume => (
            <option key={volume} value={volume}>
              {VOLUME_WORDS[volume]}
            </option>
          ))}
        </select>
        {kind !== '' && kind !== 'emptyDir' && (
          <input
            className="input"
            aria-label={`${isMade ? 'Size' : 'Name'} for workspace ${name}`}
            placeholder={isMade ? 'Size, such as 1Gi' : 'Name'}
            value={text}
            onChange={event => onChange({ kind, text: event.target.value })}
          />
        )}
      </div>
      {description !== undefined && <span className="small soft">{description}</span>}
    </div>
  )
}
