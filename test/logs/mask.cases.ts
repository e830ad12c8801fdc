/** What a step writes, and what of it is stored. Run against `src/logs/mask.ts`, the shim, and a whole engine. */

export interface MaskCase {
  readonly name: string
  readonly secrets: readonly (string | Buffer)[]
  /** Each piece is a write of its own. */
  readonly output: readonly (string | Buffer)[]
  readonly shown: string | Buffer
}

const TOKEN = 'ghp_Zk3vT9qLw2Xr7Bn5'
const SPACED = 'correct horse+battery/staple?&é'
const KEY = [
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW',
  'QyNTUxOQAAACB7Kx0P+9q/Zc3zV1bq8kqYw0p1a8b4jzv9yQ0yq0mD9wAAAJhFv0xERb9M',
  'kQ8==',
  '-----END OPENSSH PRIVATE KEY-----',
  '',
].join('\n')
const [, FIRST, SECOND, SHORT] = KEY.split('\n') as [string, string, string, string]
const BINARY = Buffer.from([0x00, 0xff, 0x10, 0x80, 0x0a, 0xc3, 0x28, 0x00, 0x7f, 0xfe])
const LONG = Array.from({ length: 90 }, (_, index) => `${(index * 7919) % 9973}x`).join('')
const DOCKER = JSON.stringify({
  auths: { 'ghcr.io': { username: 'robot', password: 'dckr_pat_8812', auth: base64('robot:dckr_pat_8812') } },
})

function base64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64')
}

function folded(text: string, columns: number): string {
  return (text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []).join('\n')
}

function bytewise(text: string): string[] {
  return [...text]
}

export const MASK_CASES: readonly MaskCase[] = [
  // As it is.
  { name: 'a line', secrets: [TOKEN], output: [`${TOKEN}\n`], shown: '***\n' },
  { name: 'within a line', secrets: [TOKEN], output: [`token=${TOKEN};\n`], shown: 'token=***;\n' },
  { name: 'no newline at the end', secrets: [TOKEN], output: [`token=${TOKEN}`], shown: 'token=***' },
  { name: 'twice in a line', secrets: [TOKEN], output: [`${TOKEN} ${TOKEN}\n`], shown: '*** ***\n' },
  { name: 'twice without a space', secrets: [TOKEN], output: [`<${TOKEN}${TOKEN}>\n`], shown: '<***>\n' },
  { name: 'no secret in it', secrets: [TOKEN], output: ['ghp_Zk3 is not it\n'], shown: 'ghp_Zk3 is not it\n' },
  { name: 'no secrets', secrets: [], output: ['all of it\n'], shown: 'all of it\n' },
  { name: 'nothing written', secrets: [TOKEN], output: [], shown: '' },
  // Split.
  { name: 'split in two writes', secrets: [TOKEN], output: ['a ghp_Zk3vT9', 'qLw2Xr7Bn5 b\n'], shown: 'a *** b\n' },
  { name: 'a write for each byte', secrets: [TOKEN], output: bytewise(`a ${TOKEN} b\n`), shown: 'a *** b\n' },
  {
    name: 'only its beginning',
    secrets: [TOKEN],
    output: ['ghp_Zk3vT9', 'qLw2Xr7Bn\n'],
    shown: 'ghp_Zk3vT9qLw2Xr7Bn\n',
  },
  { name: 'only its beginning, at the end', secrets: [TOKEN], output: ['x ghp_Zk3vT9q'], shown: 'x ghp_Zk3vT9q' },
  { name: 'its beginning, then all', secrets: [TOKEN], output: ['ghp_Zk3', TOKEN, '\n'], shown: 'ghp_Zk3***\n' },
  { name: 'a secret that repeats', secrets: ['ababac'], output: ['ababa', 'bac\n'], shown: 'ab***\n' },
  // Lengths.
  {
    name: 'short values are left',
    secrets: ['true', '1', '8080', 'admin'],
    output: ['true 1 8080 admin\n'],
    shown: 'true 1 8080 admin\n',
  },
  { name: 'six bytes are masked', secrets: ['s3cr3t'], output: ['[s3cr3t]\n'], shown: '[***]\n' },
  { name: 'only space', secrets: ['         \n'], output: ['a                b\n'], shown: 'a                b\n' },
  { name: 'a newline at its end', secrets: [`${TOKEN}\n`], output: [`${TOKEN}\nnext\n`], shown: '***\nnext\n' },
  { name: 'space around it', secrets: [`  ${TOKEN}\t\n`], output: [`a ${TOKEN} b\n`], shown: 'a *** b\n' },
  {
    name: 'one of two thousand bytes',
    secrets: [LONG],
    output: [`<${LONG.slice(0, 300)}`, `${LONG.slice(300)}>\n`],
    shown: '<***>\n',
  },
  // Several.
  {
    name: 'one in the other',
    secrets: ['hunter22', 'hunter22-and-more'],
    output: ['hunter22-and-more hunter22!\n'],
    shown: '*** ***!\n',
  },
  { name: 'one over the other', secrets: ['abcdefgh', 'efghijkl'], output: ['<abcdefghijkl>\n'], shown: '<***>\n' },
  {
    name: 'the end of one begins the other',
    secrets: ['secret-abcabd', 'abcabc1'],
    output: ['secret-abcabc1\n'],
    shown: 'secret-***\n',
  },
  { name: 'stars are not masked again', secrets: ['******', TOKEN], output: [`${TOKEN}***\n`], shown: '******\n' },
  // Lines.
  { name: 'several lines', secrets: [KEY], output: [KEY], shown: '***\n' },
  { name: 'several lines with CR LF', secrets: [KEY], output: [KEY.replaceAll('\n', '\r\n')], shown: '***\r\n' },
  {
    name: 'stored with CR LF, written without',
    secrets: ['first-line\r\nx\r\nlast-line'],
    output: ['first-line\nx\nlast-line\n'],
    shown: '***\n',
  },
  { name: 'one line of several', secrets: [KEY], output: [`2: ${SECOND}\r\n`], shown: '2: ***\r\n' },
  { name: 'its lines, indented', secrets: [KEY], output: [`  ${FIRST}\n  ${SECOND}\n`], shown: '  ***\n  ***\n' },
  { name: 'a line that is too short, alone', secrets: [KEY], output: [`${SHORT}\n`], shown: `${SHORT}\n` },
  // base64.
  { name: 'base64', secrets: [TOKEN], output: [`${base64(TOKEN)}\n`], shown: '***\n' },
  { name: 'base64 with a newline in it', secrets: [TOKEN], output: [`${base64(`${TOKEN}\n`)}\n`], shown: '***K\n' },
  { name: 'base64 behind one byte', secrets: [TOKEN], output: [`${base64(`:${TOKEN}`)}\n`], shown: 'Om***\n' },
  { name: 'base64 behind two bytes', secrets: [TOKEN], output: [`${base64(`a:${TOKEN}`)}\n`], shown: 'YTp***Q==\n' },
  {
    name: 'base64 of a login',
    secrets: [TOKEN],
    output: ['Basic ', base64(`robot:${TOKEN}`), '\n'],
    shown: 'Basic cm9ib3Q6***\n',
  },
  {
    name: 'base64 without padding',
    secrets: [TOKEN],
    output: [`${base64(TOKEN).replaceAll('=', '')}\n`],
    shown: '***\n',
  },
  { name: 'base64url', secrets: [SPACED], output: [`${Buffer.from(SPACED).toString('base64url')}\n`], shown: '***\n' },
  { name: 'base64 at 76 columns', secrets: [KEY], output: [folded(base64(KEY), 76)], shown: '***' },
  { name: 'base64 at 64 columns', secrets: [KEY], output: [folded(base64(KEY), 64)], shown: '***' },
  { name: 'base64 of one line', secrets: [KEY], output: [`${base64(FIRST)}\n`], shown: '***\n' },
  { name: 'base64 of bytes', secrets: [BINARY], output: [`${base64(BINARY)}\n`], shown: '***\n' },
  // Other encodings.
  {
    name: 'bytes that are no text',
    secrets: [BINARY],
    output: [Buffer.concat([Buffer.from('<'), BINARY, Buffer.from('>')])],
    shown: '<***>',
  },
  { name: 'URL-encoded', secrets: [SPACED], output: [`?q=${encodeURIComponent(SPACED)}&b\n`], shown: '?q=***&b\n' },
  {
    name: 'URL-encoded in lower case',
    secrets: [SPACED],
    output: [encodeURIComponent(SPACED).replace(/%../g, code => code.toLowerCase())],
    shown: '***',
  },
  { name: 'in a form', secrets: [SPACED], output: [`${new URLSearchParams({ q: SPACED })}\n`], shown: 'q=***\n' },
  {
    name: 'in a path of a URL',
    secrets: [SPACED],
    output: ['/correct%20horse+battery%2Fstaple%3F&%C3%A9\n'],
    shown: '/***\n',
  },
  {
    name: 'in JSON',
    secrets: ['pa"ss\\word\tö'],
    output: [JSON.stringify({ a: 'pa"ss\\word\tö' })],
    shown: '{"a":"***"}',
  },
  {
    name: 'in JSON as Python writes it',
    secrets: ['pa"ss\\wordö'],
    output: ['{"a": "pa\\"ss\\\\word\\u00f6"}\n'],
    shown: '{"a": "***"}\n',
  },
  {
    name: 'in JSON as Go writes it',
    secrets: ['<pass&word>'],
    output: ['{"a":"\\u003cpass\\u0026word\\u003e"}\n'],
    shown: '{"a":"***"}\n',
  },
  { name: 'several lines in JSON', secrets: [KEY], output: [JSON.stringify([KEY])], shown: '["***\\n"]' },
  {
    name: 'set -x of bash',
    secrets: ["it's a secret"],
    output: ["+ echo 'it'\\''s a secret'\n"],
    shown: "+ echo '***'\n",
  },
  {
    name: 'set -x of dash',
    secrets: ["it's a secret"],
    output: [`+ echo 'it'"'"'s a secret'\n`],
    shown: "+ echo '***'\n",
  },
  {
    name: 'set -x of several lines',
    secrets: ["let's go\nab\t1\nlast-line"],
    output: ["+ echo $'let\\'s go\\nab\\t1\\nlast-line'\n"],
    shown: "+ echo $'***'\n",
  },
  { name: 'printf %q', secrets: ['a b$c;d&e'], output: ['a\\ b\\$c\\;d\\&e\n'], shown: '***\n' },
  {
    name: 'declare -p',
    secrets: ['say "$HOME" `x`'],
    output: ['declare -- s="say \\"\\$HOME\\" \\`x\\`"\n'],
    shown: 'declare -- s="***"\n',
  },
  { name: 'hex', secrets: [TOKEN], output: [`${Buffer.from(TOKEN).toString('hex')}\n`], shown: '***\n' },
  {
    name: 'hex in upper case',
    secrets: [TOKEN],
    output: [`${Buffer.from(TOKEN).toString('hex').toUpperCase()}\n`],
    shown: '***\n',
  },
  {
    name: 'hex at 60 columns',
    secrets: [KEY],
    output: [folded(Buffer.from(KEY.trim()).toString('hex'), 60)],
    shown: '***',
  },
  // What is in a value.
  {
    name: 'the password of a docker config',
    secrets: [DOCKER],
    output: ['login -p dckr_pat_8812\n'],
    shown: 'login -p ***\n',
  },
  {
    name: 'the password of a URL',
    secrets: ['postgres://me:s3cr%40tPass@db/x'],
    output: ['s3cr%40tPass s3cr@tPass\n'],
    shown: '*** ***\n',
  },
  {
    name: 'the password of a netrc',
    secrets: ['default login me password s3cr3tPass'],
    output: ['me s3cr3tPass\n'],
    shown: 'me ***\n',
  },
  {
    name: 'a value of an environment file',
    secrets: ['USER=me\nAPI_TOKEN="abc123def"\n'],
    output: ['abc123def\n'],
    shown: '***\n',
  },
]
