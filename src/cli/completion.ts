/** Completion scripts for shells, made from the table of commands. They hold every word themselves and never start duebook. */
import { COMMON } from './command.js';
import type { Argument, Command, Option } from './command.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script to load, as `duebook completion bash` prints it. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash, zsh, fish }[shell](commands);
}

function optionsOf(command: Command): Option[] {
  return [...command.options, ...COMMON];
}

/** The words an option or argument takes, or the kind of path, or nothing known. */
function wordsOf({ choices }: Pick<Option | Argument, 'choices'>): { words: readonly string[] } | 'file' | 'folder' | null {
  if (choices === undefined) return null;
  return typeof choices === 'string' ? choices : { words: choices };
}

function bash(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map((command) => {
    const options = optionsOf(command).map(({ name }) => `--${name}`).join(' ');
    const first = command.args[0] === undefined ? null : wordsOf(command.args[0]);
    const words = first !== null && typeof first === 'object' ? ` ${first.words.join(' ')}` : '';
    return `    ${command.name}) words="${options}${words}" ;;`;
  });
  const all = unique(commands.flatMap(optionsOf));
  const values = all.filter(({ value }) => value !== undefined).map((option) => {
    const takes = wordsOf(option);
    const reply = takes === 'file' ? 'COMPREPLY=($(compgen -f -- "$current"))'
      : takes === 'folder' ? 'COMPREPLY=($(compgen -d -- "$current"))'
        : takes === null ? 'COMPREPLY=()' : `COMPREPLY=($(compgen -W "${takes.words.join(' ')}" -- "$current"))`;
    return `    --${option.name}) ${reply}; return ;;`;
  });
  return `# bash completion for duebook. Load it with: source <(duebook completion bash)
_duebook() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words
  case "$previous" in
${values.join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${names} " in *" $word "*) command="$word"; break ;; esac
  done
  case "$command" in
${cases.join('\n')}
    *) words="${names} ${COMMON.map(({ name }) => `--${name}`).join(' ')}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _duebook duebook
`;
}

function zsh(commands: readonly Command[]): string {
  const quote = (text: string): string => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');
  const spec = (option: Option): string => {
    const takes = wordsOf(option);
    const action = takes === 'file' ? '_files' : takes === 'folder' ? '_files -/' : takes === null ? ' ' : `(${takes.words.join(' ')})`;
    const value = option.value === undefined ? '' : `:${option.value.toLowerCase()}:${action}`;
    return `'${option.many === true ? '*' : ''}--${option.name}[${quote(option.summary)}]${value}'`;
  };
  const argument = (arg: Argument): string => {
    const takes = wordsOf(arg);
    const action = takes === 'folder' ? '_files -/' : takes === null || takes === 'file' ? ' ' : `(${takes.words.join(' ')})`;
    return `'${arg.required ? '' : ':'}:${quote(arg.name.toLowerCase())}:${action}'`;
  };
  const specs = (command: Command): string => [...optionsOf(command).map(spec), ...command.args.map(argument)].join(' ');
  const cases = commands.map((command) => `      ${command.name}) _arguments ${specs(command)} ;;`);
  return `#compdef duebook
# zsh completion for duebook. Put it into a folder of $fpath as _duebook.
_duebook() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    '${name}:${quote(summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
(( $+functions[compdef] )) && compdef _duebook duebook
`;
}

function fish(commands: readonly Command[]): string {
  const quote = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
  const line = (condition: string, option: Option): string => {
    const takes = wordsOf(option);
    const value = option.value === undefined ? ''
      : takes === 'file' ? ' -r -F' : takes === 'folder' ? " -x -a '(__fish_complete_directories)'"
        : takes === null ? ' -x' : ` -x -a ${quote(takes.words.join(' '))}`;
    return `complete -c duebook -n ${quote(condition)} -l ${option.name}${value} -d ${quote(option.summary)}`;
  };
  const lines = commands.map(({ name, summary }) => `complete -c duebook -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`);
  for (const command of commands) {
    const condition = `__fish_seen_subcommand_from ${command.name}`;
    lines.push(...command.options.map((option) => line(condition, option)));
    for (const arg of command.args) {
      const takes = wordsOf(arg);
      if (takes === null || typeof takes === 'string') continue;
      lines.push(`complete -c duebook -n ${quote(condition)} -f -a ${quote(takes.words.join(' '))}`);
    }
  }
  lines.push(...COMMON.map((option) => line('true', option)));
  return `# fish completion for duebook. Load it with: duebook completion fish | source\n${lines.join('\n')}\n`;
}

function unique(options: readonly Option[]): Option[] {
  return [...new Map(options.map((option) => [option.name, option])).values()];
}
