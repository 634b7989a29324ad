"""The command line taken apart: our own options here, overrides for the configuration left as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.messages import UserError, suggest

VALUED = {"--out": "out", "--plugins": "plugins", "--config-dir": "config_dir"}
FLAGS = {"-m": "multirun", "--multirun": "multirun"}
LOGGING = "hydra/job_logging"  # Hydra's own way to silence a program; only its shipped options
LOGGINGS = {"default": False, "stdout": False, "disabled": True, "none": True}


@dataclass(frozen=True)
class Options:
    """What stood on the command line.

    `out`: run folder, `plugins`: folder of the user's own classes, `config_dir`: folder of the user's own YAML,
    `silent`: Hydra's job logging is off, so neither summary nor progress is shown.
    """

    overrides: tuple[str, ...] = ()
    out: Path | None = None
    plugins: Path | None = None
    config_dir: Path | None = None
    multirun: bool = False
    silent: bool = False


def parse(argv: list[str]) -> Options:
    """Split arguments into options and overrides.

    >>> parse(["worlds=10", "--out", "here"]).overrides
    ('worlds=10',)
    """
    found: dict = {}
    overrides: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if flag in VALUED:
            if not equals and not rest:
                raise UserError(f"command line: {flag} needs a folder after it")
            found[VALUED[flag]] = Path(value if equals else rest.pop(0))
        elif flag == LOGGING:
            if value not in LOGGINGS:
                raise UserError(f"command line: {LOGGING}: no option '{value}'; {suggest(value, list(LOGGINGS))}")
            found["silent"] = LOGGINGS[value]
        elif word in FLAGS:
            found[FLAGS[word]] = True
        elif word.startswith("-"):
            raise UserError(f"command line: no option '{flag}'; {suggest(flag, [*VALUED, *FLAGS, '--help'])}")
        elif "=" in word or word.startswith("~"):
            overrides.append(word)
        else:
            example = f"command line: '{word}' is not key=value; write e.g. worlds=200 or talks=us_japan"
            raise UserError(example, "A value with a space needs quotes: 'title=my run'")
    for name in ("plugins", "config_dir"):
        folder = found.get(name)
        if folder is not None and not folder.is_dir():
            raise UserError(f"command line: --{name.replace('_', '-')}: no folder '{folder}'")
    return Options(overrides=tuple(overrides), **found)
