export interface PartedUrl {
  readonly url: string
  /** `user:password`, as an Authorization header of the kind Basic has it before its base64; '' for none. */
  readonly login: string
}

/** A URL without the login that was written into it: URLs stand in messages and arguments, which are for everybody. */
export function partLogin(text: string): PartedUrl {
  const url = new URL(text)
  const { username, password } = url
  if (username === '' && password === '') return { url: text, login: '' }
  url.username = ''
  url.password = ''
  return { url: url.href, login: `${unescaped(username)}:${unescaped(password)}` }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a percent sign that stands for itself
  }
}
