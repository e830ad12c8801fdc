/** What a repository is, by the files at its top, and what one does with such a one. Pure. */

export interface ProjectTask {
  readonly name: string
  readonly runAfter: readonly string[]
  readonly script: string
}

export interface Project {
  /** For people: `a Node package (npm)`. */
  readonly is: string
  /** What its steps find their programs in, on a cluster. */
  readonly image: string
  /** The program that its steps need here, where images are not used. */
  readonly program: string
  readonly tasks: readonly ProjectTask[]
}

/** The top of a repository. */
export interface Top {
  readonly has: (name: string) => boolean
  /** '' for a file that is not there. */
  readonly read: (name: string) => string
  readonly names: readonly string[]
}

/** The first that fits; a repository of several languages is told so by its author. */
export function projectAt(top: Top): Project {
  for (const look of [node, go, rust, maven, gradle, python, ruby, dotnet, php, elixir, make]) {
    const found = look(top)
    if (found !== undefined) return found
  }
  return {
    is: 'a repository whose language is not known',
    image: 'alpine',
    program: 'sh',
    tasks: [task('test', [], 'ls -l', 'echo "put what tests this repository here"')],
  }
}

function task(name: string, runAfter: readonly string[], ...lines: readonly string[]): ProjectTask {
  return { name, runAfter, script: lines.join('\n') }
}

const NODE_SCRIPTS = ['lint', 'typecheck', 'test', 'build']
/** What `npm init` writes: it fails, and is no test. */
const NO_TEST = /no test specified/

function node({ has, read }: Top): Project | undefined {
  if (!has('package.json')) return undefined
  const [manager, install] = has('pnpm-lock.yaml')
    ? ['pnpm', 'corepack enable && pnpm install --frozen-lockfile']
    : has('yarn.lock')
      ? ['yarn', 'corepack enable && yarn install --immutable || yarn install --frozen-lockfile']
      : has('package-lock.json')
        ? ['npm', 'npm ci']
        : ['npm', 'npm install']
  const scripts = scriptsIn(read('package.json'))
  const wanted = NODE_SCRIPTS.filter(name => scripts[name] !== undefined && !NO_TEST.test(scripts[name]))
  const runs = wanted.map(name => task(name, ['install'], `${manager} run ${name}`))
  const tasks = [task('install', [], install), ...runs]
  return { is: `a Node package (${manager})`, image: 'node:22', program: manager, tasks }
}

function scriptsIn(text: string): Readonly<Record<string, string>> {
  try {
    const { scripts } = (JSON.parse(text) ?? {}) as { readonly scripts?: Readonly<Record<string, unknown>> }
    return Object.fromEntries(
      Object.entries(scripts ?? {}).filter((each): each is [string, string] => typeof each[1] === 'string'),
    )
  } catch {
    return {} // npm will say what is wrong with it
  }
}

function go({ has }: Top): Project | undefined {
  if (!has('go.mod')) return undefined
  const tasks = [
    task('vet', [], 'go vet ./...'),
    task('test', [], 'go test ./...'),
    task('build', ['vet', 'test'], 'go build ./...'),
  ]
  return { is: 'a Go module', image: 'golang:1', program: 'go', tasks }
}

function rust({ has }: Top): Project | undefined {
  if (!has('Cargo.toml')) return undefined
  const tasks = [task('test', [], 'cargo test'), task('build', ['test'], 'cargo build --release')]
  return { is: 'a Rust crate', image: 'rust:1', program: 'cargo', tasks }
}

function maven({ has }: Top): Project | undefined {
  if (!has('pom.xml')) return undefined
  const command = has('mvnw') ? 'sh ./mvnw' : 'mvn'
  const tasks = [task('verify', [], `${command} --batch-mode verify`)]
  return { is: 'a Maven project', image: 'maven:3-eclipse-temurin-21', program: has('mvnw') ? 'java' : 'mvn', tasks }
}

function gradle({ has }: Top): Project | undefined {
  if (!has('build.gradle') && !has('build.gradle.kts')) return undefined
  const command = has('gradlew') ? 'sh ./gradlew' : 'gradle'
  const tasks = [task('build', [], `${command} build`)]
  return { is: 'a Gradle project', image: 'gradle:8-jdk21', program: has('gradlew') ? 'java' : 'gradle', tasks }
}

function python({ has, read }: Top): Project | undefined {
  const project = has('pyproject.toml') || has('setup.py')
  if (!project && !has('requirements.txt')) return undefined
  const isPytest =
    ['pytest.ini', 'conftest.py'].some(has) || /pytest/.test(read('pyproject.toml') + read('requirements.txt'))
  const install = [
    'python3 -m venv .venv',
    '. .venv/bin/activate',
    ...(has('requirements.txt') ? ['pip install --quiet -r requirements.txt'] : []),
    ...(project ? ['pip install --quiet -e .'] : []),
  ]
  const test = isPytest ? 'python -m pytest' : 'python -m unittest discover'
  const tasks = [task('install', [], ...install), task('test', ['install'], '. .venv/bin/activate', test)]
  return { is: 'a Python project', image: 'python:3', program: 'python3', tasks }
}

function ruby({ has }: Top): Project | undefined {
  if (!has('Gemfile')) return undefined
  const test = has('.rspec') ? 'bundle exec rspec' : 'bundle exec rake'
  const local = 'bundle config set --local path vendor/bundle'
  const tasks = [task('install', [], local, 'bundle install'), task('test', ['install'], test)]
  return { is: 'a Ruby project', image: 'ruby:3', program: 'bundle', tasks }
}

function dotnet({ names }: Top): Project | undefined {
  if (!names.some(name => /\.(sln|slnx|csproj|fsproj)$/.test(name))) return undefined
  const tasks = [task('build', [], 'dotnet build'), task('test', ['build'], 'dotnet test --no-build')]
  return { is: 'a .NET solution', image: 'mcr.microsoft.com/dotnet/sdk:8.0', program: 'dotnet', tasks }
}

function php({ has }: Top): Project | undefined {
  if (!has('composer.json')) return undefined
  const test = ['phpunit.xml', 'phpunit.xml.dist'].some(has) ? 'vendor/bin/phpunit' : 'composer validate'
  const tasks = [task('install', [], 'composer install --no-interaction'), task('test', ['install'], test)]
  return { is: 'a PHP project', image: 'composer:2', program: 'composer', tasks }
}

function elixir({ has }: Top): Project | undefined {
  if (!has('mix.exs')) return undefined
  const tasks = [task('install', [], 'mix local.hex --force', 'mix deps.get'), task('test', ['install'], 'mix test')]
  return { is: 'an Elixir project', image: 'elixir:1', program: 'mix', tasks }
}

const MAKE_TARGETS = ['lint', 'test', 'check', 'build']

function make({ names, read }: Top): Project | undefined {
  const file = ['GNUmakefile', 'makefile', 'Makefile'].find(name => names.includes(name))
  if (file === undefined) return undefined
  const text = read(file)
  const found = MAKE_TARGETS.filter(target => new RegExp(`^${target}[ \\t]*:(?!=)`, 'm').test(text))
  const tasks = found.length > 0 ? found.map(target => task(target, [], `make ${target}`)) : [task('build', [], 'make')]
  return { is: 'a project with a Makefile', image: 'gcc:14', program: 'make', tasks }
}
