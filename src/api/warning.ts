/** What the API warns of when it takes an object. */
import { adviceText, type Problem } from '../resources/problem.js'

/** As Kubernetes' API server warns, and kubectl shows: one header for each warning. */
export function warningHeader(warning: Problem): string {
  // A header takes neither line breaks nor what is beyond Latin-1.
  return `299 - "${adviceText(warning)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/["\\]/g, '\\$&')}"`
}
