/** What the manifests this project began with count on: a docker that notes its calls, and the repository they clone. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** In `folder`. `dockerLog` has a line for each call of docker; `environment` is for the process that runs the steps. */
export function stageDockerBuild(folder: string) {
  const [bin, home, repository] = [join(folder, 'bin'), join(folder, 'home'), join(folder, 'repository')]
  const dockerLog = join(folder, 'docker.log')
  for (const each of [bin, home, repository]) mkdirSync(each)
  // Notes how it was called and what came on its standard input.
  writeFileSync(
    join(bin, 'docker'),
    `#!/bin/sh\n[ "$1" = login ] && read -r password\necho "$*\${password+ < $password}" >> ${dockerLog}\n`,
  )
  chmodSync(join(bin, 'docker'), 0o755)
  writeFileSync(
    join(home, '.gitconfig'),
    `[url "file://${repository}"]\n\tinsteadOf = https://github.com/myuser/myrepo.git\n[user]\n\tname = t\n\temail = t@example.com\n`,
  )
  writeFileSync(join(repository, 'Dockerfile'), 'FROM scratch\n')
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '.'],
    ['commit', '-q', '-m', 'first'],
  ]) {
    execFileSync('git', args, { cwd: repository, env: { ...process.env, HOME: home } })
  }
  return { dockerLog, environment: { HOME: home, PATH: `${bin}:${process.env['PATH']}` } }
}
