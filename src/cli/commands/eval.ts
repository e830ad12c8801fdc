/** `tektite eval`: expressions, bindings, templates and whole triggers over a request from a file, without an engine. */
import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { planListener } from '../../../listeners/observe.js'
import { admitWith } from '../../admission/admit.js'
import type { Given } from '../../cel/expression.js'
import type { AnyResource } from '../../resources/kinds.js'
import type { New } from '../../resources/meta.js'
import { toYaml } from '../../resources/parse.js'
import { problemText } from '../../resources/problem.js'
import type { EventListener } from '../../resources/triggers.js'
import { bindParams } from '../../trigger/bindings.js'
import type { InboundEvent } from '../../trigger/event.js'
import { fire, type TriggerResult } from '../../trigger/fire.js'
import { TRIGGER_CEL } from '../../trigger/interceptors/cel.js'
import { secretValue } from '../../trigger/secrets.js'
import { renderTemplate } from '../../trigger/template.js'
import type { CliContext } from '../context.js'
import {
  bindingParams,
  extensionsOf,
  type FileOptions,
  listenerIn,
  type RequestOptions,
  readEventFrom,
  readObjects,
  WrongInput,
} from '../eval-input.js'
import { type Host, hostHeaders } from '../git-host-delivery.js'
import { guardsOf } from '../listener-guard.js'
import { manifestReads, ofKind, secretsIn } from '../manifest-reads.js'
import { EXIT } from '../run/options.js'

type Command<O> = (context: CliContext, options: O) => Promise<number>

/** Results go to standard output as JSON, one a line; exit code 0 when there is one for each expression, 1 when not. */
export const evalCel: Command<RequestOptions & FileOptions & { readonly expressions: readonly string[] }> = (
  context,
  options,
) =>
  answering(context, async () => {
    const event = await readEventFrom(context, options)
    const objects = await readObjects(context, options.files)
    const given = givenBy(event, extensionsOf(options), objects)
    let code: number = EXIT.succeeded
    for (const expression of options.expressions) {
      const result = TRIGGER_CEL.evaluate(expression, given)
      const isNull = result.is === 'none' && result.type === 'null_type'
      if (result.is === 'json' || isNull) {
        const value = result.is === 'json' ? result.value : null
        context.stdout.write(`${JSON.stringify(value)}\n`)
        const why = value === false ? TRIGGER_CEL.explain(expression, given) : undefined
        if (why !== undefined) context.stderr.write(`${why}\n`)
        continue
      }
      code = EXIT.failed
      const message = result.is === 'error' ? result.message : `the result is a ${result.type}, which is no JSON`
      context.stderr.write(`error: ${message}\n`)
    }
    return code
  })

/** Prints the params, as JSON. */
export const evalBinding: Command<RequestOptions & FileOptions> = (context, options) =>
  answering(context, async () => {
    const event = await readEventFrom(context, options)
    const objects = await readObjects(context, options.files)
    const params = bindingParams(objects)
    if (params.length === 0) throw new WrongInput('the files hold no TriggerBinding and no ClusterTriggerBinding')
    const bound = bindParams(params, [], event, extensionsOf(options))
    if (bound.is === 'failed') return failure(context, bound.message)
    const list = [...bound.params].map(([name, value]) => ({ name, value }))
    context.stdout.write(`${JSON.stringify(list, undefined, 2)}\n`)
    return EXIT.succeeded
  })

/** Prints what the template makes, as YAML. */
export const evalTemplate: Command<
  RequestOptions & FileOptions & { readonly params: readonly { readonly name: string; readonly value: string }[] }
> = (context, options) =>
  answering(context, async () => {
    const objects = await readObjects(context, options.files)
    const [template, ...others] = ofKind(objects, 'TriggerTemplate')
    if (template === undefined || others.length > 0) {
      throw new WrongInput(
        `the files hold ${others.length === 0 ? 'no TriggerTemplate' : 'several TriggerTemplates'}: give one`,
      )
    }
    const hasEvent = options.request !== undefined || options.body !== undefined
    const event = await readEventFrom(context, hasEvent ? options : { headers: [] })
    const bindings = hasEvent ? bindingParams(objects) : []
    const bound = bindParams(bindings, template.spec.params, event, extensionsOf(options))
    if (bound.is === 'failed') return failure(context, bound.message)
    const params = new Map([...bound.params, ...options.params.map(({ name, value }) => [name, value] as const)])
    for (const note of paramNotes(template.spec.params ?? [], params, options.params)) {
      context.stderr.write(`note: ${note}\n`)
    }
    const rendered = renderTemplate(template.spec, params, randomUUID())
    if (rendered.is === 'failed') return failure(context, rendered.message)
    context.stdout.write(asYaml(rendered.resources))
    return EXIT.succeeded
  })

/** A typo in a name shows in the output only as what is not replaced. */
function paramNotes(
  declared: readonly { readonly name: string }[],
  given: ReadonlyMap<string, string>,
  written: readonly { readonly name: string }[],
): readonly string[] {
  const names = declared.map(({ name }) => name)
  const list = names.length === 0 ? 'none' : names.join(', ')
  const unknown = written.filter(({ name }) => !names.includes(name))
  return [
    ...unknown.map(({ name }) => `the template has no param "${name}"; it has ${list}`),
    ...names.filter(name => !given.has(name)).map(name => `nothing gives param "${name}": it stays as it is written`),
  ]
}

export interface SigningOptions {
  readonly host?: Host
  /** As the host names it. */
  readonly event?: string
  /** By default the one that a trigger asks for, of the files. */
  readonly secret?: string
}

/** The headers that the git host would send with a body. */
async function signer(
  objects: readonly New<AnyResource>[],
  listener: EventListener,
  { host, event, secret }: SigningOptions,
): Promise<(body: Uint8Array) => Readonly<Record<string, string>>> {
  const guards = await guardsOf(manifestReads(objects), listener)
  const guard = guards.find(each => host === undefined || each.host === host)
  const asked = guard?.ref && secretValue(secretsIn(objects), guard.namespace, guard.ref)
  if (secret === undefined && asked?.is === 'missing') throw new WrongInput(`${asked.message}; give the Secret with -f`)
  const known = {
    host: host ?? guard?.host ?? 'github',
    deliveryId: randomUUID(),
    ...(event && { event }),
    ...(secret === undefined ? asked?.is === 'value' && { secret: asked.value } : { secret }),
  }
  return body => hostHeaders({ ...known, body })
}

/** Prints what each trigger of a listener makes of the request, as YAML; comments say what became of each. */
export const evalTrigger: Command<
  RequestOptions & FileOptions & SigningOptions & { readonly listener?: string; readonly trigger?: string }
> = (context, options) =>
  answering(context, async () => {
    const objects = await readObjects(context, options.files)
    const listener = listenerIn(objects, options.listener)
    const sign =
      options.host === undefined && options.event === undefined ? undefined : await signer(objects, listener, options)
    const event = await readEventFrom(context, options, sign)
    const plan = await planListener(manifestReads(objects), listener)
    const listed = plan.listed.filter(one => {
      return options.trigger === undefined || (one.is === 'trigger' ? one.trigger.name : one.name) === options.trigger
    })
    if (listed.length === 0) {
      const there = plan.listed.map(one => JSON.stringify(one.is === 'trigger' ? one.trigger.name : one.name))
      const wanted = options.trigger === undefined ? 'no trigger' : `no trigger ${JSON.stringify(options.trigger)}`
      const has = there.length === 0 ? '' : `; it has ${[...new Set(there)].join(', ')}`
      throw new WrongInput(`the EventListener "${plan.listener.metadata.name}" has ${wanted}${has}`)
    }
    const world = { ...plan.world, secrets: secretsIn(objects), clock: () => performance.now() }
    const results: TriggerResult['is'][] = []
    for (const one of listed) {
      const name = one.is === 'trigger' ? one.trigger.name : one.name
      const result: TriggerResult =
        one.is === 'trigger'
          ? await fire(one.trigger, event, world)
          : { is: 'failed', reason: 'InterceptorFailed', message: one.message }
      results.push(tell(context, name === '' ? 'a trigger without a name' : `trigger ${name}`, result))
    }
    return results.includes('fired') && !results.includes('failed') ? EXIT.succeeded : EXIT.failed
  })

function tell({ stdout, stderr }: CliContext, name: string, result: TriggerResult): TriggerResult['is'] {
  switch (result.is) {
    case 'filtered':
      stdout.write(comment(`${name}: filtered by ${result.by}: ${result.why}`))
      return 'filtered'
    case 'failed':
      stderr.write(`error: ${name}: ${result.message}\n`)
      return 'failed'
    case 'fired': {
      const problems = result.objects.flatMap(object => {
        const admitted = admitWith({}, object)
        return admitted.is === 'refused' ? admitted.problems : []
      })
      for (const problem of problems) stderr.write(`error: ${name}: ${problemText(problem)}\n`)
      if (problems.length > 0) return 'failed'
      stdout.write(`${comment(`${name}: fired`)}${asYaml(result.objects)}`)
      return 'fired'
    }
  }
}

function comment(text: string): string {
  return `# ${text.replaceAll('\n', '\n# ')}\n`
}

function asYaml(objects: readonly unknown[]): string {
  return objects.map(object => `---\n${toYaml(object)}`).join('')
}

async function answering(context: CliContext, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof WrongInput)) throw error
    context.stderr.write(`error: ${error.message}\n`)
    return EXIT.refused
  }
}

function failure({ stderr }: CliContext, message: string): number {
  stderr.write(`error: ${message}\n`)
  return EXIT.failed
}

function givenBy(
  { body, headers, url }: InboundEvent,
  extensions: Readonly<Record<string, unknown>>,
  objects: readonly New<AnyResource>[],
): Given {
  if (typeof body !== 'object' || Array.isArray(body)) throw new WrongInput('the body is no JSON object')
  const secrets = secretsIn(objects)
  return {
    values: { body: body ?? {}, header: headers, extensions, requestURL: url },
    clock: () => performance.now(),
    equalsSecret: (text, secretKey, secretName) => {
      const known = secretValue(secrets, 'default', { secretName, secretKey })
      if (known.is === 'missing') throw new WrongInput(`${known.message}; give the Secret with -f`)
      return text === known.value
    },
  }
}
