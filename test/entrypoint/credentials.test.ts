/** Secrets become the files that git, ssh and docker look for, in the credentials folder and in $HOME. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { CredentialFlag } from '../../src/pod/entrypoint-args.js'
import { builds, type Finished, type Room, roomForEach } from './room.js'

describe.each(builds)('credentials, %s build', build => {
  const room = roomForEach(build)

  test('passwords of git hosts, the whole host first', async () => {
    login(room(), 'a', 'me', 'p@ss/w:rd')
    login(room(), 'b', 'DOMAIN\\me', 'other')
    await put(room(), [
      { kind: 'basic_git', secretFolder: room().path('secrets/a'), url: 'https://git.example/org/repo' },
      { kind: 'basic_git', secretFolder: room().path('secrets/b'), url: 'https://git.example' },
      { kind: 'basic_git', secretFolder: room().path('secrets/a'), url: 'http://someone@other.example:8080/' },
    ])
    expect(room().read('creds/.gitconfig')).toBe(
      [
        '[credential]\n\thelper = store\n',
        '[credential "https://git.example/org/repo"]\n\tusername = me\n\tuseHttpPath = true\n',
        '[credential "https://git.example"]\n\tusername = DOMAIN\\\\me\n',
        '[credential "http://someone@other.example:8080/"]\n\tusername = me\n',
      ].join(''),
    )
    expect(room().read('creds/.git-credentials')).toBe(
      [
        'https://DOMAIN%5Cme:other@git.example\n',
        'http://me:p%40ss%2Fw%3Ard@other.example:8080/\n',
        'https://me:p%40ss%2Fw%3Ard@git.example/org/repo\n',
      ].join(''),
    )
    expect(modes(room(), '.gitconfig', '.git-credentials')).toEqual(['600', '600', '600', '600'])
  })

  test('git reads what was written', async () => {
    const names = ['me', 'DOMAIN\\me', 'a#b', 'say "hi"; now']
    for (const [index, name] of names.entries()) login(room(), `s${index}`, name, 'x')
    await put(
      room(),
      names.map((_, index) => ({
        kind: 'basic_git',
        secretFolder: room().path(`secrets/s${index}`),
        url: `https://h${index}`,
      })),
    )
    const read = names.map((_, index) =>
      execFileSync(
        'git',
        ['config', '--file', room().path('creds/.gitconfig'), `credential.https://h${index}.username`],
        {
          encoding: 'utf8',
        },
      ).replace(/\n$/, ''),
    )
    expect(read).toEqual(names)
  })

  test('keys of git hosts, with ports and paths', async () => {
    room().write('secrets/one/ssh-privatekey', 'key one\n')
    room().write('secrets/one/known_hosts', 'git.example ssh-ed25519 AAAA')
    room().write('secrets/two/ssh-privatekey', 'key two\n')
    room().write('secrets/two/known_hosts', 'deep.example ssh-ed25519 BBBB')
    const one = room().path('secrets/one')
    const two = room().path('secrets/two')
    await put(room(), [
      { kind: 'ssh_git', secretFolder: two, url: 'deep.example:2222/org/repo' },
      { kind: 'ssh_git', secretFolder: one, url: 'git.example' },
      { kind: 'ssh_git', secretFolder: two, url: 'git.example' },
      { kind: 'ssh_git', secretFolder: one, url: '[::1]:2200' },
    ])
    const dir = room().path('creds/.ssh')
    expect(room().read('creds/.ssh/config')).toBe(
      `Host git.example\n    HostName git.example\n    Port 22\n    IdentityFile ${dir}/id_one\n    IdentityFile ${dir}/id_two\n` +
        `Host ::1\n    HostName ::1\n    Port 2200\n    IdentityFile ${dir}/id_one\n` +
        `Host deep.example--org--repo\n    HostName deep.example\n    Port 2222\n    IdentityFile ${dir}/id_two\n`,
    )
    expect(room().read('creds/.ssh/id_one')).toBe('key one\n')
    expect(room().read('creds/.ssh/id_two')).toBe('key two\n')
    expect(room().read('creds/.ssh/known_hosts')).toContain(
      'git.example ssh-ed25519 AAAA\ndeep.example ssh-ed25519 BBBB',
    )
    expect(room().read('creds/.gitconfig')).toBe(
      '[url "git@deep.example--org--repo:org/repo.git"]\n\tinsteadOf = git@deep.example:org/repo.git\n' +
        '[url "ssh://deep.example--org--repo/org/repo.git"]\n\tinsteadOf = ssh://deep.example:2222/org/repo.git\n',
    )
    expect(modes(room(), '.ssh', '.ssh/id_one', '.ssh/config')).toEqual(['700', '700', '600', '600', '600', '600'])
  })

  test('logins of registries from all three types, where a password wins', async () => {
    login(room(), 'login', 'us"er', 'pass')
    room().write(
      'secrets/config/.dockerconfigjson',
      '{"credsStore":"osx","auths":{"b.example":{"auth":"Yg==","identitytoken":"t"},"c.example":{"auth":"Yw=="}},"x":[1,{"y":null}]}',
    )
    room().write(
      'secrets/cfg/.dockercfg',
      '{"a.example":{"auth":"YQ==","deep":[true,-1.5e3,"\\u00e9"]},"b.example":{"auth":"b2xk"}}',
    )
    await put(room(), [
      { kind: 'basic_docker', secretFolder: room().path('secrets/login'), url: 'c.example' },
      { kind: 'docker_config', secretFolder: room().path('secrets/config') },
      { kind: 'docker_cfg', secretFolder: room().path('secrets/cfg') },
    ])
    expect(JSON.parse(room().read('creds/.docker/config.json'))).toEqual({
      auths: {
        'a.example': { auth: 'YQ==', deep: [true, -1500, 'é'] },
        'b.example': { auth: 'Yg==', identitytoken: 't' },
        'c.example': { username: 'us"er', password: 'pass', auth: btoa('us"er:pass'), email: 'not@val.id' },
      },
    })
    expect(modes(room(), '.docker', '.docker/config.json')).toEqual(['700', '700', '600', '600'])
  })

  test.each([
    ['not JSON', '{"auths":{"a":{}}'],
    ['a list', '[]'],
    ['nested without end', `{"auths":{"a":${'['.repeat(5000)}`],
  ])('a docker config that is %s fails the step by name', async (_, content) => {
    room().write('secrets/bad/.dockerconfigjson', content)
    const flags = [{ kind: 'docker_config', secretFolder: room().path('secrets/bad') }] as const
    const { code, stderr } = await put(room(), flags, {}, 1)
    expect(code).toBe(1)
    expect(stderr).toContain('credentials: key ".dockerconfigjson" of secret "bad": not the JSON that docker writes')
    expect(room().files('run')).toEqual(['0/out.err'])
  })

  test('a key that is missing fails the step by name, and its message says so', async () => {
    room().write('secrets/half/username', 'me')
    const flags = [{ kind: 'basic_git', secretFolder: room().path('secrets/half'), url: 'https://x' }] as const
    await put(room(), flags, {}, 1)
    expect(
      room()
        .message()
        .find(({ key }) => key === 'Message')?.value,
    ).toBe('credentials: key "password" of secret "half": not there')
  })

  test('secrets are read through the links that a kubelet makes', async () => {
    room().write('secrets/a/..2026/username', 'me')
    room().write('secrets/a/..2026/password', 'pw')
    symlinkSync('..2026', room().path('secrets/a/..data'))
    for (const key of ['username', 'password']) symlinkSync(`..data/${key}`, room().path('secrets/a', key))
    await put(room(), [{ kind: 'basic_git', secretFolder: room().path('secrets/a'), url: 'https://x' }])
    expect(room().read('home/.git-credentials')).toBe('https://me:pw@x\n')
  })

  test('what a step before has added to a file in $HOME stays', async () => {
    login(room(), 'a', 'me', 'pw')
    const flags = [{ kind: 'basic_git', secretFolder: room().path('secrets/a'), url: 'https://x' }] as const
    await put(room(), flags)
    execFileSync('git', ['config', '--global', 'user.name', 'Some One'], {
      env: { ...process.env, HOME: room().path('home') },
    })
    await put(room(), flags)
    expect(room().read('home/.gitconfig')).toMatch(/username = me\n[\s\S]*name = Some One/)
    room().write('home/.gitconfig', 'something else')
    await put(room(), flags)
    expect(room().read('home/.gitconfig')).not.toContain('something else')
  })

  test('a $HOME that cannot be written to is a warning', async () => {
    login(room(), 'a', 'me', 'pw')
    const flags = [{ kind: 'basic_git', secretFolder: room().path('secrets/a'), url: 'https://x' }] as const
    room().write('file', '')
    const { stderr } = await put(room(), flags, { HOME: room().path('file') })
    expect(stderr).toContain(
      `warning: unsuccessful cred copy: ".gitconfig" from "${room().path('creds')}" to "${room().path('file')}"`,
    )
    expect(room().has('creds/.gitconfig')).toBe(true)
    const without = await put(room(), flags, { HOME: '' })
    expect(without.stderr).toContain('$HOME is not defined')
  })

  test('a link in $HOME is replaced, not followed', async () => {
    login(room(), 'a', 'me', 'pw')
    room().write('precious', 'mine')
    mkdirSync(room().path('home'))
    symlinkSync(room().path('precious'), room().path('home/.git-credentials'))
    await put(room(), [{ kind: 'basic_git', secretFolder: room().path('secrets/a'), url: 'https://x' }])
    expect(readFileSync(room().path('precious'), 'utf8')).toBe('mine')
    expect(room().read('home/.git-credentials')).toBe('https://me:pw@x\n')
  })

  test('nothing of a secret is logged', async () => {
    login(room(), 'a', 'user-of-mine', 'password-of-mine')
    const flags = [{ kind: 'basic_git', secretFolder: room().path('secrets/a'), url: 'https://x' }] as const
    const { stdout, stderr } = await put(room(), flags, { HOME: '/nowhere/to/write' })
    expect(`${stdout}${stderr}${room().read('termination')}`).not.toMatch(/-of-mine/)
  })
})

function login(room: Room, secret: string, user: string, password: string): void {
  room.write(`secrets/${secret}/username`, user)
  room.write(`secrets/${secret}/password`, password)
}

async function put(
  room: Room,
  credentials: readonly CredentialFlag[],
  env: Readonly<Record<string, string>> = {},
  code = 0,
): Promise<Finished> {
  mkdirSync(room.path('home'), { recursive: true })
  mkdirSync(room.path('creds'), { recursive: true })
  const finished = await room.run(
    {
      credsDir: room.path('creds'),
      credentials,
      postFile: room.path('run/0/out'),
      terminationPath: room.path('termination'),
      command: ['true'],
    },
    { env: { HOME: room.path('home'), ...env } },
  )
  expect(finished, finished.stderr).toMatchObject({ code })
  return finished
}

/** In the credentials folder and in $HOME. */
function modes(room: Room, ...paths: readonly string[]): string[] {
  return paths.flatMap(path =>
    ['creds', 'home'].map(folder => (statSync(room.path(folder, path)).mode & 0o777).toString(8)),
  )
}
