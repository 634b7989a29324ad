"""`bargain story`: one world of a run from its first offer to its end, as a transcript and one page of figures a talk.

Draws depend on seed and world alone, so that a world played by itself is the same world that a run played.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from experiments.build import Lab
from experiments.compose import Loaded, load
from experiments.folder import RunFolder
from experiments.made import made
from experiments.messages import UserError, suggest
from experiments.options import Options, parse
from experiments.plot import issue_labels
from experiments.transcript import words
from sim import plots
from sim.plots.story import story_page
from sim.story import Rounds, Story, follow

USE = "usage: bargain story [RUN_DIR] [--world K] [--talk NAME] [key=value ...] [--out DIR]"
MOST = 10_000_000  # worlds of a run at the most
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Wanted:
    """What was asked for: the world, one talk or all, and the run folder it is from, if any."""

    world: int = 0
    talk: str | None = None
    run: Path | None = None


def main(argv: list[str]) -> int:
    """Play one world, print its transcript, write it with its figures, return the exit code."""
    wanted, rest = split(argv)
    options = parse(rest)
    loaded = _again(wanted.run, options) if wanted.run else _load(options)
    lab = made(loaded)
    stories = told(lab, wanted)
    names = {code: country.name for code, country in loaded.config.countries.items()}
    texts = {story.talk: "\n".join(words(story, names)) + "\n" for story in stories}
    place = _place(wanted, options, loaded)
    if wanted.run and options.out is None:
        place.mkdir(parents=True, exist_ok=True)
        _write(place, stories, texts, loaded)
    else:
        with RunFolder(place) as folder:
            _write(folder.work, stories, texts, loaded)
            place = folder.finish()
    if not options.silent:
        print("\n".join(texts.values()))
        print(f"pages: {place}")
    return 0


def split(argv: list[str]) -> tuple[Wanted, list[str]]:
    """Return what this command asks for itself, and the words that any command understands.

    >>> split(["--world", "17", "--talk=japan", "worlds=50"])
    (Wanted(world=17, talk='japan', run=None), ['worlds=50'])
    """
    found: dict = {}
    others: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if flag in ("--world", "--talk"):
            if not equals and not rest:
                raise UserError(f"story: {flag} needs a {'number' if flag == '--world' else 'name'} after it", USE)
            found[flag.strip("-")] = value if equals else rest.pop(0)
        elif not equals and word[:1] not in "-~+" and "run" not in found:
            found["run"] = Path(word)
        else:
            others.append(word)
            if flag in ("--out", "--plugins", "--config-dir") and not equals and rest:
                others.append(rest.pop(0))
    if "world" in found:
        found["world"] = _world(found["world"])
    return Wanted(**found), others


def _world(text: str) -> int:
    if not text.isdecimal() or int(text) >= MOST:
        raise UserError(f"story: --world {text}: worlds are whole numbers from 0 to {MOST - 1:,}", USE)
    return int(text)


def told(lab: Lab, wanted: Wanted) -> list[Story]:
    """Play the world wanted and return its stories, one a talk or the one named."""
    known = list(lab.config.talks)
    if wanted.talk is not None and wanted.talk not in known:
        raise UserError(f"story: --talk {wanted.talk}: no such talk; {suggest(wanted.talk, known, 'talks')}", USE)
    model = lab.play(wanted.world, 1, watch=(Rounds,))
    return [follow(talk, 0, *model.watch) for talk in model.talks if wanted.talk in (None, talk.name)]


def _load(options: Options) -> Loaded:
    return load(options.overrides, plugins=options.plugins, config_dir=options.config_dir)


def _again(folder: Path, options: Options) -> Loaded:
    """Return the configuration of a finished run; UserError where it is no run or its settings have changed since."""
    if options.overrides:
        said = f"story: {options.overrides[0]}: the run in '{folder}' has its settings already"
        raise UserError(said, "leave the run folder out to play another configuration", USE)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        overrides, config = manifest["overrides"], manifest["config"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"story: '{folder}' is not a finished run: it has no {MANIFEST} of a run", USE) from None
    loaded = load(overrides, plugins=options.plugins, config_dir=options.config_dir)
    now = json.loads(json.dumps(loaded.resolved))
    changed = sorted(key for key in {*now, *config} if now.get(key) != config.get(key))
    if changed:
        raise UserError(
            f"story: the settings of '{folder}' are no longer those it was run with: {', '.join(changed)}",
            "its worlds cannot be played again; run it anew, or restore the configuration files it was run with",
        )
    return loaded


def _place(wanted: Wanted, options: Options, loaded: Loaded) -> Path:
    """Return where the pages go: as told, into the run's own folder, or into a new one below outputs/."""
    if options.out is not None:
        return options.out
    return wanted.run / f"world_{wanted.world}" if wanted.run else Path(loaded.run_dir)


def _write(place: Path, stories: list[Story], texts: dict[str, str], loaded: Loaded) -> None:
    names = {code: country.name for code, country in loaded.config.countries.items()}
    labels = issue_labels(loaded.resolved)
    for story in stories:
        name = f"story_{story.talk}_world_{story.world}"
        (place / f"{name}.txt").write_text(texts[story.talk], encoding="utf-8")
        plots.save(story_page(story, names=names, labels=labels)[0].get_figure(), place, name)
