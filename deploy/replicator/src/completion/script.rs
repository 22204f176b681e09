//! What shells are given: each asks `replicator complete` how the line goes on, and offers files where it says nothing.

use clap::ValueEnum;

/// Shells that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    pub(crate) const fn script(self) -> &'static str {
        match self {
            Shell::Bash => BASH,
            Shell::Zsh => ZSH,
            Shell::Fish => FISH,
        }
    }
}

/// Readline breaks words at `:` and `=` too, so what stands before them is taken off again.
const BASH: &str = r#"# bash completion of replicator
_replicator() {
    local line="${COMP_LINE:0:COMP_POINT}" word before IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" complete "$line" 2>/dev/null))
    word="${line##*[[:space:]]}"
    before="${word%"${word##*[:=]}"}"
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    case "${COMPREPLY[*]}" in *[:=]) compopt -o nospace ;; esac
}
complete -o default -F _replicator replicator
"#;

const ZSH: &str = r#"#compdef replicator
_replicator() {
    local -a found
    found=("${(@f)$("${words[1]}" complete "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then
        compadd -Q -- "${found[@]}"
    else
        _files
    fi
}
if [[ "${funcstack[1]}" = _replicator ]]; then
    _replicator "$@"
else
    compdef _replicator replicator
fi
"#;

const FISH: &str = r#"# fish completion of replicator
function __replicator_complete
    set -l found (replicator complete (commandline -cp) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c replicator -f -a '(__replicator_complete)'
"#;
