import { Argument, Command } from 'commander'
import type { Host } from './host.js'

/** @param root has all commands, loaded */
export function completionCommand({ console }: Host, root: () => Promise<Command>): Command {
  return new Command('completion')
    .description('Print a script that completes commands and options: eval "$(smart-link completion bash)"')
    .addArgument(new Argument('<shell>', 'the shell it is for').choices(['bash', 'zsh']))
    .action(async (shell: string) => {
      const script = completionScript(await root())
      console.log(shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${script}` : script)
    })
}

function completionScript(root: Command): string {
  const words = new Map<string, string[]>()
  collect(root, '', words)
  const paths = [...words.keys()].filter((path) => path !== '')
  return `_smart_link() {
  local path='' word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      ${paths.map((path) => `'${path}'`).join('|')}) path="$path $word" ;;
    esac
  done
  case "$path" in
${[...words].map(([path, some]) => `    '${path}') words='${some.join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _smart_link smart-link`
}

/** For each command, by its words with a blank before each: the words that may follow. */
function collect(command: Command, path: string, words: Map<string, string[]>): void {
  const options = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []))
  words.set(path, [...command.commands.map((inner) => inner.name()), ...options, '--help'])
  for (const inner of command.commands) collect(inner, `${path} ${inner.name()}`, words)
}
