#!/usr/bin/env python3
"""Generates completions for bash, zsh and fish from the program's own help: completions.py PROGRAM DIRECTORY

Writes DIRECTORY/{regpass, _regpass, regpass.fish}.
"""

import sys
from pathlib import Path

import help_tree
from help_tree import Command, Option

FILES = {"--config", "--log", "--har"}  # options whose values are files


def flags(command: Command) -> list[Option]:
    return [option for option in command.options if option.names[0].startswith("-")]


def keys(schema: dict) -> list[str]:
    """The keys that --set accepts."""
    entries = []
    for name, of in schema["properties"].items():
        if "description" in of:
            entries.append(name)
        elif of["type"] == "object":
            entries += [f"{name}.{own}" for own, inner in of["properties"].items() if "description" in inner]
    return entries


def values(option: Option, names: list[str]) -> list[str]:
    return [f"{name}=" for name in names] if "--set" in option.names else option.choices


def words(command: Command, causes: list[str]) -> list[str]:
    """The possible non-option arguments."""
    entries = [child.name for child in command.children]
    for option in command.positionals:
        entries += option.choices
    return entries + (causes if command.path == ["explain"] else [])


def bash(root: Command, names: list[str], causes: list[str]) -> str:
    cases, answers = [], []
    for command in root.walk():
        path = " ".join(command.path)
        for child in command.children:
            cases.append(f'        "{path}:{child.name}") path="{" ".join(child.path)}" ;;')
        options = " ".join(name for option in flags(command) for name in option.names)
        answers.append(f'        "{path}") words="{" ".join(words(command, causes))}" options="{options}" ;;')
    values_of = {}
    for command in root.walk():
        for option in flags(command):
            if option.value:
                values_of[option.names[-1]] = values(option, names)
    valued = "|".join(sorted(values_of))
    choosing = [
        f'        {name}) COMPREPLY=($(compgen -W "{" ".join(list_)}" -- "$current")); compopt -o nospace; return ;;'
        if name == "--set"
        else f'        {name}) COMPREPLY=($(compgen -W "{" ".join(list_)}" -- "$current")); return ;;'
        for name, list_ in sorted(values_of.items())
        if list_
    ]
    return BASH.format(
        valued=valued,
        files="|".join(sorted(FILES & set(values_of))),
        choosing="\n".join(choosing),
        cases="\n".join(cases),
        answers="\n".join(answers),
    )


BASH = """\
# Completion of regpass for bash.
_regpass() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} path="" words="" options="" i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${{COMP_WORDS[i]}}" in
        {valued}) ((i++)); continue ;;
        --) [[ $path == run ]] && {{ _command_offset $((i + 1)); return; }} ;;
        esac
        case "$path:${{COMP_WORDS[i]}}" in
{cases}
        esac
    done
    case "$previous" in
        {files}) COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames; return ;;
{choosing}
        {valued}) return ;;
    esac
    case "$path" in
{answers}
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    else
        COMPREPLY=($(compgen -W "$words" -- "$current"))
        [[ $path == explain ]] && COMPREPLY+=($(compgen -f -- "$current"))
    fi
    return 0
}}
complete -F _regpass regpass
"""


def zsh(root: Command, names: list[str], causes: list[str]) -> str:
    return "#compdef regpass\n# Completion of regpass for zsh.\n" + zsh_function(root, names, causes) + '\n_regpass "$@"\n'


def zsh_function(command: Command, names: list[str], causes: list[str]) -> str:
    own = "_".join(["_regpass", *command.path])
    lines = [zsh_option(option, names) for option in flags(command)]
    body, inner = [], []
    if command.children:
        lines += ["'1: :->command'", "'*:: :->rest'"]
        shown = " ".join(f"'{child.name}:{zsh_text(child.about)}'" for child in command.children)
        body.append("    case $state in")
        body.append(f"    command) local -a commands=({shown}); _describe command commands ;;")
        calls = " ".join(f"{child.name}) {'_'.join(['_regpass', *child.path])} ;;" for child in command.children)
        body.append(f"    rest) case $words[1] in {calls} esac ;;")
        body.append("    esac")
        inner = [zsh_function(child, names, causes) for child in command.children]
    for option in command.positionals:
        offered = words(command, causes)
        if command.path == ["run"]:
            lines.append("'*::command: _normal'")
        elif command.path == ["explain"]:
            lines.append(f"'1:cause or log:{{ _alternative \"causes:cause:({' '.join(offered)})\" \"files:log:_files\" }}'")
        else:
            lines.append(f"'1:{option.names[0].lower()}:({' '.join(offered)})'")
    arguments = " \\\n        ".join(lines)
    head = f"{own}() {{\n    local context state state_descr line\n    typeset -A opt_args\n    _arguments -C \\\n        {arguments}"
    return "\n".join([head, *body, "}", *inner])


def zsh_option(option: Option, names: list[str]) -> str:
    spec = f"[{zsh_text(option.text)}]"
    if option.value:
        offered = values(option, names)
        action = "_files" if FILES & set(option.names) else f"({' '.join(offered)})" if offered else ""
        spec += f":{option.value.lower().replace('…', '')}:{action}"
    if len(option.names) == 1:
        return f"'{'*' if '…' in option.value else ''}{option.names[0]}{spec}'"
    return f"{{{','.join(option.names)}}}'{spec}'"


def zsh_text(text: str) -> str:
    return text.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def fish(root: Command, names: list[str], causes: list[str]) -> str:
    lines = ["# Completion of regpass for fish.", "complete -c regpass -f"]
    for command in root.walk():
        where = fish_condition(command)
        for child in command.children:
            lines.append(f"complete -c regpass -n '{where}' -a {child.name} -d {fish_text(child.about)}")
        plain = [word for word in words(command, causes) if word not in {child.name for child in command.children}]
        if plain:
            lines.append(f"complete -c regpass -n '{where}' -a '{' '.join(plain)}'")
        if command.path == ["explain"]:
            lines.append(f"complete -c regpass -n '{where}' -F")
        if command.path == ["run"]:
            lines.append(f"complete -c regpass -n '{where}' -a '(__fish_complete_subcommand)'")
        for option in flags(command):
            if command.path or "--help" in option.names:
                lines.append(fish_option(where, option, names))
    return "\n".join(lines) + "\n"


def fish_condition(command: Command) -> str:
    if not command.path:
        return "__fish_use_subcommand"
    conditions = [f"__fish_seen_subcommand_from {name}" for name in command.path]
    if command.children:
        conditions.append(f"not __fish_seen_subcommand_from {' '.join(child.name for child in command.children)}")
    return "; and ".join(conditions)


def fish_option(where: str, option: Option, names: list[str]) -> str:
    line = f"complete -c regpass -n '{where}'"
    for name in option.names:
        line += f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}"
    if option.value:
        offered = values(option, names)
        line += " -r" + (" -F" if FILES & set(option.names) else f" -a '{' '.join(offered)}'" if offered else "")
    return f"{line} -d {fish_text(option.text)}"


def fish_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: completions.py PROGRAM DIRECTORY")
    program, directory = sys.argv[1], Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    description = (help_tree.read(program), keys(help_tree.schema(program)), help_tree.causes(program))
    for name, make in {"regpass": bash, "_regpass": zsh, "regpass.fish": fish}.items():
        (directory / name).write_text(make(*description))


if __name__ == "__main__":
    main()
