"""The command `bargain`: takes the first word as sub-command and imports only what that one needs.

Exit codes: 0 done, 1 a fault of the program, 2 a mistake in what was asked for; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence

from experiments.messages import MAX_LINES, UserError, suggest, told

# name: (module with main(argv) -> int | None, one line for --help). To add a command, add a line.
COMMANDS = {
    "run": ("experiments.sweep.command", "run the talks and write a folder; with -m a sweep (the default command)"),
    "check": ("experiments.check", "check a configuration and print it with units, ranges and sources; runs nothing"),
    "explain": ("experiments.explain", "what a key means: unit, range, value, source, where it enters the model"),
    "equilibrium": ("experiments.equilibrium", "what theory says of the talks: a table of concepts, files, figures"),
    "strategies": ("experiments.strategies", "the shipped strategies: what each does, needs and rests on"),
    "story": ("experiments.story_page", "one world, offer by offer: bargain story [RUN_DIR] --world K --talk japan"),
    "meetings": ("experiments.meetings.command", "agents that play a theory, beside it: a line and a figure each"),
    "policies": ("experiments.policies", "what each way of moving a tariff buys and costs, against each answer"),
    "sensitivity": (
        "experiments.sensitivity",
        "what outcomes hang on: settings over ranges, tornado and Sobol indices",
    ),
    "app": ("experiments.app.main", "a page in the browser: sliders, payoff space, one world round by round"),
    "plot": ("experiments.plot", "draw the figures of a run or sweep folder again: bargain plot DIR"),
}
DEFAULT = "run"
TRACEBACK = "BARGAIN_TRACEBACK"  # set to 1: show where an error was raised


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None:  # a queue's or `timeout`'s way to stop a run: clean up as after Ctrl-C
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if any(word in ("--help", "-h") for word in words):
            return _help()
        if words[:1] == ["--version"]:
            return _version()
        name, rest = split(words)
        module = importlib.import_module(COMMANDS[name][0])
        return int(module.main(rest) or 0)
    except (UserError, ValueError) as error:
        return _mistake(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone: `bargain check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def split(words: list[str]) -> tuple[str, list[str]]:
    """Return the sub-command and the rest; no sub-command means `run`.

    >>> split(["check", "worlds=5"])
    ('check', ['worlds=5'])
    >>> split(["worlds=5"])
    ('run', ['worlds=5'])
    """
    if not words or "=" in words[0] or words[0][:1] in "-~+":
        return DEFAULT, words
    if words[0] in COMMANDS:
        return words[0], words[1:]
    hint = suggest(words[0], list(COMMANDS), "commands")
    raise UserError(f"bargain: no command '{words[0]}'; {hint}", "bargain --help lists commands and options.")


def _mistake(error: Exception) -> int:
    if os.environ.get(TRACEBACK) == "1":
        raise error
    print(told(error), file=sys.stderr)
    if not isinstance(error, UserError) and len(told(error).splitlines()) < MAX_LINES:
        print(f"({TRACEBACK}=1 shows where this was raised)", file=sys.stderr)
    return 2


def _help() -> int:
    from experiments import menu

    print(menu.text({name: line for name, (_, line) in COMMANDS.items()}), end="")
    return 0


def _version() -> int:
    from importlib.metadata import version

    print(f"bargain {version('sticks-and-carrots')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
