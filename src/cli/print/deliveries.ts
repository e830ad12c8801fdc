/** Deliveries for people. Pure: objects of the API in, lines out. */
import type { DeliveryObject, DispatchStatus, ObjectReference, TriggerStatus } from '../../resources/deliveries.js'
import { brief, onOneLine, printable, type Style } from './style.js'
import { type Column, table } from './table.js'
import { distance, formatSeconds } from './times.js'

const SHORT_ID = 8

const COLUMNS: readonly Column[] = [
  { head: 'AGE' },
  { head: 'ID' },
  { head: 'SOURCE', cut: { order: 4, least: 6 } },
  { head: 'EVENT', cut: { order: 3, least: 6 } },
  { head: 'LISTENER', cut: { order: 5, least: 8 } },
  { head: 'SUBJECT', cut: { order: 1, least: 8 } },
  { head: 'DURATION' },
  { head: 'VERDICTS', cut: { order: 2, least: 20 } },
]

/** In the order of the items. `width`: of the terminal, if it is one; a line is cut rather than wrapped. */
export function deliveryTable(
  items: readonly DeliveryObject[],
  { now, style, width }: { readonly now: number; readonly style: Style; readonly width?: number | undefined },
): string {
  if (items.length === 0) return ''
  const shortest = shortIds(items.map(({ metadata }) => metadata.name))
  const rows = items.map(({ metadata, spec, status }, index) => ({
    cells: [
      distance(now - Date.parse(spec.receivedAt), Math.floor),
      shortest[index] ?? metadata.name,
      spec.source,
      dash(spec.event),
      `${metadata.namespace}/${spec.target.name}`,
      dash(spec.subject),
      status.durationMs === undefined ? '-' : milliseconds(status.durationMs),
      `${verdictText(status)}${status.copies > 1 ? `, came ${status.copies} times` : ''}`,
    ],
    paint: colourOf(status, style),
  }))
  return table(COLUMNS, rows, { style, width, gap: '  ' })
}

/** Everything that is known of one. */
export function deliveryText({ metadata, spec, status }: DeliveryObject, style: Style): string {
  const about: readonly (readonly [string, string])[] = [
    ['delivery', `${metadata.namespace}/${metadata.name}`],
    ['sender id', spec.id],
    ['to', `${spec.target.kind} ${metadata.namespace}/${spec.target.name}`],
    ['source', [spec.source, spec.event].filter(text => text !== '').join(' ')],
    ['subject', spec.subject],
    ['received', `${spec.receivedAt}${status.copies > 1 ? `, ${status.copies} times` : ''}`],
    ['url', spec.url],
    ['body', `${spec.body.bytes} bytes, sha256 ${spec.body.sha256}`],
  ]
  const headers = Object.entries(spec.headers ?? {}).flatMap(([name, values]) =>
    values.map(value => `  ${onOneLine(name)}: ${onOneLine(value)}`),
  )
  const body = spec.body.text ?? spec.body.base64
  return [
    ...about
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${style.dim(name.padEnd(9))}  ${onOneLine(value)}`),
    ...(headers.length > 0 ? [style.dim('headers'), ...headers] : []),
    ...(status.earlier ?? []).flatMap(earlier => dispatchLines(earlier, style)),
    ...dispatchLines(status, style),
    ...(body === undefined ? [] : [style.dim(spec.body.text === undefined ? 'body, base64' : 'body'), printable(body)]),
  ]
    .join('\n')
    .concat('\n')
}

/** How a dispatch ended, with each trigger and why. */
export function dispatchLines(status: DispatchStatus, style: Style): readonly string[] {
  const when = [
    status.dispatchedAt ?? '',
    status.durationMs === undefined ? '' : `in ${milliseconds(status.durationMs)}`,
    verdictText(status.triggers === undefined ? status : { ...status, created: [], message: '' }),
  ]
  const what = status.replay === 0 ? 'dispatch' : `replay ${status.replay}`
  const head = `${style.dim(what.padEnd(9))}  ${when.filter(text => text !== '').join(', ')}`
  const triggers = (status.triggers ?? []).flatMap(trigger => triggerLines(trigger, style))
  return triggers.length > 0 ? [head, ...triggers] : [head]
}

export function triggerLines(trigger: TriggerStatus, style: Style): readonly string[] {
  const { name, namespace, verdict, by, created, message } = trigger
  const full = [namespace, name === '' ? '(no name)' : name].filter(text => text !== '').join('/')
  const made = created.map(one => `     → ${referenceText(one)}`)
  const why = [by, message].filter(text => text !== '').map(text => `     ${printable(text)}`)
  switch (verdict) {
    case 'fired':
      return [`  ${style.green('✔')} ${onOneLine(full)}  ${style.green('fired')}`, ...made]
    case 'filtered':
      return [`  ${style.dim('○')} ${onOneLine(full)}  filtered`, ...why.map(style.dim)]
    default:
      return [`  ${style.red('✘')} ${onOneLine(full)}  ${style.red(verdict)}`, ...why, ...made]
  }
}

/** `fired PipelineRun/x, 2 filtered`. */
export function verdictText({ phase, verdicts, created = [], message = '' }: DispatchStatus): string {
  if (phase === 'Pending') return 'pending'
  if (phase === 'Rejected') return message === '' ? 'rejected' : `rejected: ${brief(onOneLine(message))}`
  if (verdicts === undefined) return brief(onOneLine(message))
  const shown = created.slice(0, 2).map(({ kind, name }) => `${kind}/${name}`)
  const more = created.length > 2 ? ['…'] : []
  const { fired, filtered, failed } = verdicts
  const parts = [
    fired === 0 ? '' : shown.length === 0 ? `${fired} fired` : `fired ${[...shown, ...more].join(' ')}`,
    filtered === 0 ? '' : `${filtered} filtered`,
    failed === 0 ? '' : `${failed} failed`,
  ].filter(part => part !== '')
  const text = parts.length === 0 ? 'no triggers' : parts.join(', ')
  return message === '' || fired > 0 ? text : `${text}: ${brief(onOneLine(message))}`
}

export function referenceText({ kind, namespace, name }: ObjectReference): string {
  return onOneLine(`${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`)
}

function colourOf({ phase, verdicts }: DispatchStatus, style: Style): (text: string) => string {
  if (phase === 'Rejected' || phase === 'GivenUp' || (verdicts?.failed ?? 0) > 0) return style.red
  return phase === 'Pending' || (verdicts?.fired ?? 0) > 0 ? text => text : style.dim
}

/** Each as short as it may be given back to a command, but not shorter than eight letters. */
function shortIds(names: readonly string[]): readonly string[] {
  return names.map(name => {
    for (let length = SHORT_ID; length < name.length; length++) {
      const prefix = name.slice(0, length)
      if (names.every(other => other === name || !other.startsWith(prefix))) return prefix
    }
    return name
  })
}

function milliseconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)}ms` : formatSeconds(ms)
}

function dash(text: string): string {
  return text === '' ? '-' : text
}
