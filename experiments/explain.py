"""`bargain explain KEY`: what a key means, its unit and range, its value and source, where it enters the model."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Any

from experiments import places
from experiments.compose import CONFIGS, Loaded, load
from experiments.explain_key import absent, key, mapping, nodes, table
from experiments.menu import PLACES, first_comment
from experiments.messages import UserError, nearest
from experiments.options import VALUED, Options, parse

USE = "usage: bargain explain KEY [key=value ...], e.g. bargain explain threat_pct, bargain explain strategy"
WHERE = PLACES | {"policy": "policy@talks.china.moves.partner=..."}


def main(argv: list[str]) -> int:
    """Explain the one key named on the command line; nothing is run or written."""
    word, rest = key_of(argv)
    options = parse(rest)
    if options.multirun:
        raise UserError("bargain explain: looks at one configuration; leave -m out")
    print(text(word, load(options.overrides, plugins=options.plugins, config_dir=options.config_dir), options))
    return 0


def key_of(argv: list[str]) -> tuple[str, list[str]]:
    """Return the key asked for and the other arguments.

    >>> key_of(["talks=us_japan", "threat_pct", "--plugins", "mine"])
    ('threat_pct', ['talks=us_japan', '--plugins', 'mine'])
    """
    words, rest = [], []
    for index, word in enumerate(argv):
        value_of_option = index > 0 and argv[index - 1] in VALUED
        plain = "=" not in word and word[:1] not in "-~+" and not value_of_option
        (words if plain else rest).append(word)
    if len(words) != 1:
        raise UserError(f"bargain explain: one key is needed, {', '.join(words) or 'none'} given", USE)
    return words[0].strip("."), rest


def text(word: str, loaded: Loaded, options: Options | None = None) -> str:
    """Return what is known of a key, a group or an option; UserError with the nearest name where nothing is."""
    options = options or Options()
    if word in groups(options):
        return _group(word, loaded, options)
    parts = [*_keys(word, loaded), *_options(word, options)]
    if not parts:
        near = nearest(word, _known(loaded, options))
        hint = f"did you mean '{near}'?" if near else "nothing has such a name"
        listed = "bargain check lists every key of a configuration, bargain --help every group and option"
        raise UserError(f"bargain explain: no key '{word}'; {hint}", listed)
    return "\n\n".join(parts)


def groups(options: Options) -> dict[str, dict[str, Path]]:
    """Return the groups and the file of each of their options, the user's own folder included."""
    found: dict[str, dict[str, Path]] = {}
    for root in (CONFIGS, *([options.config_dir] if options.config_dir else [])):
        for path in sorted(Path(root).glob("*/*.yaml")):
            found.setdefault(path.parent.name, {})[path.stem] = path
    return found


def _known(loaded: Loaded, options: Options) -> list[str]:
    """Return every name that can be explained, short names first."""
    paths = [".".join(path) for path, _ in nodes(loaded.resolved)]
    homes = list(places.universe())
    last = dict.fromkeys(name.rpartition(".")[2] for name in (*paths, *homes))
    named = [option for group in groups(options).values() for option in group]
    return list(dict.fromkeys([*last, *groups(options), *named, *paths, *homes]))


def _keys(word: str, loaded: Loaded) -> list[str]:
    """Return a text for every home whose keys end in `word`: first those of this configuration, then others."""
    ends = tuple(word.split("."))

    def told(path: tuple[str, ...]) -> Any:
        return places.at(path, loaded.resolved)

    here: dict[str, list[tuple[str, ...]]] = {}
    for path, _ in nodes(loaded.resolved):
        home = places.home(path, told)
        if _ends(path, ends) or (path[-1] == ends[-1] and _ends(tuple(home.split(".")), ends)):
            here.setdefault(home, []).append(path)
    elsewhere = [home for home in places.universe() if _ends(tuple(home.split(".")), ends) and home not in here]
    texts = [(key if home in places.universe() else mapping)(home, found, loaded) for home, found in here.items()]
    return texts + [absent(home) for home in elsewhere]


def _ends(names: tuple[str, ...], ends: tuple[str, ...]) -> bool:
    return names[-len(ends) :] == ends


def _group(word: str, loaded: Loaded, options: Options) -> str:
    """Return the options of a group, how to choose one, what is chosen, and the keys a file of it can hold."""
    files = groups(options)[word]
    wide = max(map(len, files))
    lines = [f"{word}: a group; choose an option with {WHERE.get(word, f'{word}=...')}", ""]
    lines += [f"  {name:<{wide}}  {first_comment(path)}" for name, path in files.items()]
    chosen = {p: o for p, o in loaded.choices.items() if p.partition("@")[0] == word}
    lines += ["", "In this configuration:", *(f"  {place}={option}" for place, option in chosen.items())]
    lines = lines[:-1] if not chosen else lines
    homes = {"country": ("country", "weights", "types"), "talk": ("talk", "issues")}.get(word, (word,))
    keys = {h: f for h, f in places.universe().items() if h.split(".")[0] in homes}
    if keys:
        rows = [(h.partition(".")[2], f.unit, f.allowed, f.description) for h, f in keys.items()]
        lines += ["", "Keys (bargain explain KEY says more):", table(rows)]
    return "\n".join(lines)


def _options(word: str, options: Options) -> list[str]:
    """Return a text for every option of a group by that name; also as group/option or group=option."""
    group, _, option = word.rpartition("/")
    found = [(g, files[option]) for g, files in groups(options).items() if option in files and group in ("", g)]
    return [_option(g, path) for g, path in found]


def _option(group: str, path: Path) -> str:
    """Return what an option's file says: its first line and every value it sets, with the comment."""
    place = WHERE.get(group, f"{group}=...").replace("...", path.stem)
    inside = path.is_relative_to(CONFIGS)
    shown_path = f"configs/{path.relative_to(CONFIGS).as_posix()}" if inside else str(path)
    lines = [f"{path.stem}: {first_comment(path)}", "", f"  option of {group}: {place}", f"  {shown_path}"]
    body = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return "\n".join([*lines, "", indent("\n".join(body).strip(), "    ")])
