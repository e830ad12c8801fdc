/** `addChangedFiles`: which files a push or a pull request touches, as `extensions.changed_files`. */
import { isRecord, type Json } from '../../resources/shape.js'
import { plainText } from '../json-text.js'
import {
  type Found,
  found,
  not,
  openGitHub,
  own,
  payloadOf,
  problemText,
  type Repository,
  repositoryOf,
  tokenOf,
} from './github-api.js'
import { fail, type InterceptorAnswer, type InterceptorInput, PASS } from './interceptor.js'

/** 3000 files: GitHub lists no more of a pull request. */
const MAX_PAGES = 30
const PER_PAGE = 100

export async function addChangedFiles(
  input: InterceptorInput,
  eventType: string,
  feature: Json,
): Promise<InterceptorAnswer> {
  if (eventType !== 'pull_request' && eventType !== 'push') return PASS
  const token = tokenOf(input, feature, 'githubToken')
  if (token.is === 'not') return fail(`error getting secret: ${token.why}`)
  const payload = readPayload(input, eventType)
  if (payload.is === 'not') return fail(`error parsing body: ${payload.why}`)
  const { repository, number, pushed } = payload.value
  if (eventType === 'push') return withFiles(pushed)
  const files = await filesOfPullRequest(input, token.value, repository, number)
  return files.is === 'found' ? withFiles(files.value) : fail(`error getting changed files: ${files.why}`)
}

function withFiles(files: readonly string[]): InterceptorAnswer {
  return { is: 'continue', extensions: { changed_files: files.join(',') } }
}

interface Payload {
  readonly repository: Repository
  readonly number: number
  /** What the commits of a push list, in their order, repetitions included. */
  readonly pushed: readonly string[]
}

function readPayload(input: InterceptorInput, eventType: string): Found<Payload> {
  const payload = payloadOf(input, 'body is empty')
  if (payload.is === 'not') return payload
  const number = own(payload.value, 'number')
  const isNumber = typeof number === 'number' && Number.isSafeInteger(number)
  if (!isNumber && eventType === 'pull_request') return not("pull_request body missing 'number' field")
  const repository = repositoryOf(payload.value)
  if (repository.is === 'not') return repository
  const commits = own(payload.value, 'commits')
  const pushed: string[] = []
  for (const commit of Array.isArray(commits) ? commits : []) {
    for (const list of ['added', 'modified', 'removed']) {
      const files = isRecord(commit) ? own(commit, list) : undefined
      if (!Array.isArray(files)) return not(`payload body missing 'commits.*.${list}' field`)
      for (const file of files) pushed.push(plainText(file))
    }
  }
  return found({ repository: repository.value, number: isNumber ? number : -1, pushed })
}

async function filesOfPullRequest(
  input: InterceptorInput,
  token: string | undefined,
  repository: Repository,
  pull_number: number,
): Promise<Found<readonly string[]>> {
  const github = openGitHub(input, token)
  if (github.is === 'not') return github
  const path = '/repos/{owner}/{repo}/pulls/{pull_number}/files'
  const files: string[] = []
  for (let page = 1; page <= MAX_PAGES; page++) {
    const answer = await github.value.get(path, { ...repository, pull_number, per_page: PER_PAGE, page })
    if (answer.is !== 'found') {
      return not(problemText(`/repos/${repository.owner}/${repository.repo}/pulls/${pull_number}/files`, answer))
    }
    if (!Array.isArray(answer.data)) return not('GitHub did not answer with a list of files')
    for (const file of answer.data) {
      const name = isRecord(file) ? own(file, 'filename') : undefined
      if (typeof name !== 'string') return not('GitHub answered with a file that has no filename')
      files.push(name)
    }
    if (!answer.more) return found(files)
  }
  return not(`the pull request changes more than ${MAX_PAGES * PER_PAGE} files, which is more than GitHub lists`)
}
