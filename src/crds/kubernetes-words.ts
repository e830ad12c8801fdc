/** What Kubernetes' own schemas say about the fields of its types, in a sentence each. */

import { kubernetesName, refTo } from '../api/openapi/schema.js'
import { resolve, type Schema } from '../api/openapi/schemas.js'
import type { KubernetesWords } from './structural.js'

/** A definition says a line where a reference page says a paragraph: all of them together have to fit into a Secret. */
const MAX_CHARS = 160

export function kubernetesWords(type: string): KubernetesWords | undefined {
  return wordsOf({ $ref: refTo(kubernetesName(type)) })
}

function wordsOf(schema: Schema): KubernetesWords {
  const { description, properties, items } = resolve(schema)
  const about = description === undefined ? undefined : firstSentence(description)
  const inside = items === undefined ? properties : resolve(items).properties
  return {
    ...(about !== undefined && { about }),
    field(name) {
      const field = inside?.[name]
      return field === undefined ? undefined : wordsOf(field)
    },
  }
}

function firstSentence(text: string): string | undefined {
  const [sentence = ''] = /^.*?[.](?=\s|$)/s.exec(text) ?? [text]
  return sentence.length > MAX_CHARS ? undefined : sentence
}
