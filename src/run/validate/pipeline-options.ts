import type { CelCheck } from './when.js'

/** What the validators of pipelines and runs need from outside. */
export interface PipelineOptions {
  readonly maxMatrixCombinations: number
  /** Without one, CEL texts are accepted as they are. */
  readonly celCheck?: CelCheck
}
