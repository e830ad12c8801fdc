/** `tektite completion`. */
import { Argument, type Command } from 'commander'
import { SCRIPTS } from '../completion/scripts.js'
import type { Invocation } from '../context.js'

const HOW = `
  bash: source <(tektite completion bash)        in ~/.bashrc
  zsh:  source <(tektite completion zsh)         in ~/.zshrc
  fish: tektite completion fish | source         in ~/.config/fish/config.fish`

export function addCompletion(program: Command, { context, exit }: Invocation): void {
  program
    .command('completion')
    .description('print the script that lets a shell complete commands, flags and names of what is there')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HOW)
    .action((shell: keyof typeof SCRIPTS) => {
      context('warn').stdout.write(SCRIPTS[shell])
      exit(0)
    })
}
