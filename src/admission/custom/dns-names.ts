/** Kubernetes' rules for names, with the texts of k8s.io/apimachinery pkg/util/validation. */

const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

/** What is wrong with a label; undefined when nothing is. */
export function wrongLabel(text: string): string | undefined {
  return wrong(text, { most: 63, form: LABEL_1035, rule: LABEL_1035_TEXT })
}

export function wrongSubdomain(text: string): string | undefined {
  return wrong(text, { most: 253, form: SUBDOMAIN, rule: SUBDOMAIN_TEXT })
}

function wrong(
  text: string,
  { most, form, rule }: { readonly most: number; readonly form: RegExp; readonly rule: string },
): string | undefined {
  const texts = [
    ...(text.length > most ? [`must be no more than ${most} bytes`] : []),
    ...(form.test(text) ? [] : [rule]),
  ]
  return texts.length > 0 ? texts.join(',') : undefined
}
