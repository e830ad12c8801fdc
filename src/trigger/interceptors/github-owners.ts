/** `githubOwners`: pull requests of members and owners pass, those of others after an `/ok-to-test` of one of them. */
import { isRecord, type Json } from '../../resources/shape.js'
import { readYaml } from '../../resources/yaml-source.js'
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
import { fail, type InterceptorAnswer, type InterceptorInput, PASS, stop } from './interceptor.js'
import type { GitHubReader } from './outside.js'

const OK_TO_TEST = /(^|\n)\/ok-to-test(\r\n|\r|\n|$)/
const MAX_OWNERS_LENGTH = 262_144
const NO_TOKEN = 'checkType is set to check org or repo members but no personalAccessToken was supplied'

export async function checkOwners(
  input: InterceptorInput,
  eventType: string,
  feature: Json,
): Promise<InterceptorAnswer> {
  if (eventType !== 'pull_request' && eventType !== 'issue_comment') return PASS
  const token = tokenOf(input, feature, 'personalAccessToken')
  if (token.is === 'not') return fail(`error getting github token: ${token.why}`)
  const checkType = feature['checkType']
  if (token.value === undefined && checkType !== 'none') return fail(NO_TOKEN)
  const github = openGitHub(input, token.value)
  if (github.is === 'not') return fail(`error making client: ${github.why}`)
  const payload = readPayload(input, eventType)
  if (payload.is === 'not') return fail(`error parsing body: ${payload.why}`)
  const { repository, sender, comment } = payload.value
  // Nobody is asked about a comment that says something else.
  if (comment !== undefined && !OK_TO_TEST.test(comment)) return stop('owners check requirements not met')
  const allowed = await isAllowed(github.value, repository, sender, checkType)
  if (allowed.is === 'not') return fail(`error checking owner verification: ${allowed.why}`)
  return allowed.value ? PASS : stop('owners check requirements not met')
}

interface Payload {
  readonly repository: Repository
  readonly sender: string
  /** Of an `issue_comment`. */
  readonly comment: string | undefined
}

function readPayload(input: InterceptorInput, eventType: string): Found<Payload> {
  const payload = payloadOf(input, 'payload body is empty')
  if (payload.is === 'not') return payload
  const body = payload.value
  let comment: unknown
  if (eventType === 'pull_request') {
    if (own(body, 'number') === undefined) return not("pull_request body missing 'number' field")
  } else {
    const [issue, section] = [own(body, 'issue'), own(body, 'comment')]
    if (!isRecord(issue)) return not("issue_comment body missing 'issue' section")
    if (own(issue, 'number') === undefined) {
      return not("'number' field missing in the issue section of issue_comment body")
    }
    if (!isRecord(section)) return not("issue_comment body missing 'comment' section")
    comment = own(section, 'body')
    if (typeof comment !== 'string') return not("'body' field missing in the comment section of issue_comment body")
  }
  const repository = repositoryOf(body)
  if (repository.is === 'not') return repository
  const sender = own(body, 'sender')
  if (!isRecord(sender)) return not("payload body missing 'sender' field")
  const login = own(sender, 'login')
  return found({
    repository: repository.value,
    sender: typeof login === 'string' ? login : '',
    comment: comment as string | undefined,
  })
}

async function isAllowed(
  github: GitHubReader,
  { owner, repo }: Repository,
  sender: string,
  checkType: unknown,
): Promise<Found<boolean>> {
  // As GitHub has them; anything else would lead to another place of the API.
  if (!/^[A-Za-z0-9](?:[\w-]*[A-Za-z0-9_])?(?:\[bot\])?$/.test(sender)) return found(false)
  if (checkType === 'orgMembers' || checkType === 'all') {
    // Public members: of the others no token of a stranger may know.
    const member = await exists(github, '/orgs/{org}/public_members/{username}', { org: owner, username: sender })
    if (member.is === 'not' || member.value) return member
  }
  if (checkType === 'repoMembers' || checkType === 'all') {
    const path = '/repos/{owner}/{repo}/collaborators/{username}'
    const member = await exists(github, path, { owner, repo, username: sender })
    if (member.is === 'not' || member.value) return member
  }
  return isOwner(github, { owner, repo }, sender)
}

/** GitHub answers 204, or 404. */
async function exists(
  github: GitHubReader,
  path: string,
  params: Readonly<Record<string, string>>,
): Promise<Found<boolean>> {
  const answer = await github.get(path, params)
  if (answer.is === 'found') return found(true)
  if (answer.is === 'refused' && answer.status === 404) return found(false)
  return not(
    problemText(
      path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? ''),
      answer,
    ),
  )
}

/** The file OWNERS of the default branch. */
async function isOwner(github: GitHubReader, repository: Repository, sender: string): Promise<Found<boolean>> {
  const answer = await github.get('/repos/{owner}/{repo}/contents/OWNERS', { ...repository })
  if (answer.is === 'refused' && answer.status === 404) return found(false)
  if (answer.is !== 'found') {
    return not(problemText(`/repos/${repository.owner}/${repository.repo}/contents/OWNERS`, answer))
  }
  if (Array.isArray(answer.data)) return not('referenced file inside the Github Repository OWNERS is a directory')
  const content = isRecord(answer.data) ? own(answer.data, 'content') : undefined
  if (typeof content !== 'string') return not('GitHub answered without the content of OWNERS')
  const owners = readOwners(Buffer.from(content, 'base64').toString('utf8'))
  if (owners.is === 'not') return owners
  return found(owners.value.some(owner => owner.toLowerCase() === sender.toLowerCase()))
}

function readOwners(text: string): Found<readonly string[]> {
  if (text.length > MAX_OWNERS_LENGTH) return not(`OWNERS is longer than ${MAX_OWNERS_LENGTH} characters`)
  const yaml = readYaml(text, 1)
  if (yaml.is === 'refused') return not(`OWNERS: yaml: line ${yaml.line}: ${yaml.message}`)
  const { value = null } = yaml.document
  if (value === null) return found([])
  if (!isRecord(value)) return not('OWNERS: yaml: it is no mapping')
  const lists = ['approvers', 'reviewers'].map(name => own(value, name) ?? [])
  const wrong = lists.some(list => !Array.isArray(list) || list.some(one => typeof one !== 'string'))
  if (wrong) return not('OWNERS: yaml: approvers and reviewers are lists of texts')
  return found(lists.flat() as string[])
}
