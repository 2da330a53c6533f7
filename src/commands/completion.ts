import type { Command } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

/** Generates a shell completion script from the command definitions. */
export function completionScript(program: Command, shell: Shell): string {
  const words = wordsOf(program);
  if (shell === 'fish') return fish(words);
  const cases = words
    .map(({ path, next }) => `    ${path === '' ? "''" : `'${path}'`}) words='${next.join(' ')}' ;;`)
    .join('\n');
  const bash = `_runwatch() {
  local line='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) line="\${line:+$line }$word" ;; esac
  done
  while :; do
    case "$line" in
${cases
  .split('\n')
  .map((each) => `  ${each}`)
  .join('\n')}
    esac
    if [ -n "$words" ] || [ -z "$line" ]; then break; fi
    case "$line" in *' '*) line="\${line% *}" ;; *) line='' ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _runwatch runwatch`;
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash}` : bash;
}

interface Words {
  /** Such as "exceptions import"; empty for runwatch itself. */
  path: string;
  /** Subcommands and options that may follow. */
  next: string[];
}

function wordsOf(command: Command, path: string[] = []): Words[] {
  const subs = command.commands.filter((sub) => sub.name() !== 'help');
  const options = command.options.map((option) => option.long ?? option.short ?? '').filter(Boolean);
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const own = {
    path: path.join(' '),
    next: [...subs.map((sub) => sub.name()), ...choices, ...options, '--help'],
  };
  return [own, ...subs.flatMap((sub) => wordsOf(sub, [...path, sub.name()]))];
}

const fish = (words: readonly Words[]): string =>
  words
    .flatMap(({ path, next }) => {
      const seen = path
        .split(' ')
        .filter(Boolean)
        .map((word) => `__fish_seen_subcommand_from ${word}`);
      const when = seen.length > 0 ? seen.join('; and ') : '__fish_use_subcommand';
      return next.map((word) =>
        word.startsWith('--')
          ? `complete -c runwatch -n '${when}' -l ${word.slice(2)}`
          : `complete -c runwatch -n '${when}' -a ${word}`,
      );
    })
    .join('\n');
