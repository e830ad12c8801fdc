/**
 * What shells load to complete a command line. Each calls this program back with the words so far. The answers are words of
 * safe letters only (`candidates.ts`), and no shell reads them as code: nothing here evaluates, expands or globs them.
 */

/** The hidden command that is called back. */
export const COMPLETE = '__complete'

const BASH = `# bash completion of tektite: source <(tektite completion bash)
_tektite() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _tektite tektite
`

const ZSH = `#compdef tektite
# zsh completion of tektite: source <(tektite completion zsh), or a file _tektite in a folder of $fpath
_tektite() {
  local line
  local -a values shown
  while IFS= read -r line; do
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line//$'\\t'/  -- }")
  done < <("\${words[1]}" ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#values} )); then
    compadd -l -d shown -a values
  else
    _files
  fi
}
if [ "\${funcstack[1]}" = _tektite ]; then
  _tektite "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit -D }
  compdef _tektite tektite
fi
`

const FISH = `# fish completion of tektite: tektite completion fish | source
function __tektite_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] ${COMPLETE} $words[2..-1] 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c tektite -f -a '(__tektite_complete)'
`

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const
