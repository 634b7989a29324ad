"""Every command the pages show: it names what exists (fast), and it runs, with few worlds (slow).

Blocks marked sh, bash or console are run page by page, in order, in a copy of the checkout; so are single commands in
the text that set anything. A command that starts a server or needs a cluster says so in a comment on its line
("# starts a server", "# needs a cluster") and is left out.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import gallery, lesson
from experiments.cli import COMMANDS, split
from tests.house import ROOT, files
from tests.test_docs import agree

PAGES = [p for p in files() if p.suffix == ".md" and p.parts[0] in ("README.md", "docs", "notebooks")]
BLOCK = re.compile(r"^```(sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(bargain [^`\n]+)`")
INDENTED = re.compile(r"^    (bargain .+)$", re.MULTILINE)
LEFT_OUT = ("# starts a server", "# needs a cluster")
SERVERS = re.compile(r"^\s*bargain app\b|^\s*dask-(scheduler|worker)\b|^\s*dask (scheduler|worker)\b|backend=dask")
FEW = "worlds=20"
PLAYED = ("run", "equilibrium", "policies", "sensitivity")  # commands that take a number of worlds
PLAYED_BELOW = {f"bargain {command}" for rows in lesson.LESSON.values() for _, command in rows}
PATIENCE = 600  # seconds for one page
WRAPPER = f"""#!{sys.executable}
import os, sys
from experiments.cli import DEFAULT, COMMANDS, main
words = sys.argv[1:]
name = words[0] if words and words[0] in COMMANDS else DEFAULT
asks = any(w in ("-h", "--help", "--version") for w in words)
if name in {PLAYED} and not asks and not any(w.startswith(("worlds=", "+worlds=")) for w in words):
    words.append({FEW!r})
    if "PLAIN" in os.environ and not any("figures=" in w for w in words):
        words.append("figures=false")
sys.exit(main(words))
"""


def blocks(text: str) -> list[str]:
    """Return the shell commands of the blocks of a page, prompts and output of a console taken away."""
    return [console(body) if kind == "console" else body for kind, body in BLOCK.findall(text)]


def console(body: str) -> str:
    """Return what was typed at a prompt.

    >>> console("$ bargain check\\nThe configuration is valid.\\n")
    'bargain check\\n'
    """
    return "".join(line[2:] + "\n" for line in body.splitlines() if line.startswith("$ "))


def runnable(commands: str) -> str:
    """Return commands without those that set up an environment, start a server or need a cluster."""
    lines = commands.splitlines()
    return "\n".join(n for n in lines if not n.startswith("make ") and not any(mark in n for mark in LEFT_OUT))


def spans(text: str) -> list[str]:
    """Return the commands inside the text that can be run as they stand: those that set something."""
    plain = BLOCK.sub("", text)
    found = [*SPAN.findall(plain), *INDENTED.findall(plain)]
    return [command for command in found if "=" in command and "..." not in command and command not in PLAYED_BELOW]


def script(path: Path) -> str:
    """Return all commands of a page as one script."""
    text = (ROOT / path).read_text(encoding="utf-8")
    inside = spans(text)  # without figures: those of the blocks are drawn
    return "\n".join(
        [*(runnable(block) for block in blocks(text)), *(["export PLAIN=1", *inside] if inside else [])]
    ).strip()


def lines_of(path: Path) -> list[str]:
    """Return every line of a page that begins with the command, in blocks and in the text."""
    text = (ROOT / path).read_text(encoding="utf-8")
    shown = [line.strip() for block in blocks(text) for line in block.splitlines()]
    return [line for line in [*shown, *SPAN.findall(text)] if line.startswith("bargain ")]


@pytest.mark.parametrize("path", [p for p in PAGES if lines_of(p)], ids=str)
def test_every_command_shown_is_one_of_the_programs(path):
    for line in lines_of(path):
        words = [w for w in shlex.split(line.partition("  #")[0])[1:] if w.isupper() is False]
        assert not words or split(words)[0] in COMMANDS, line


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_what_starts_a_server_says_so(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    starting = [line for block in blocks(text) for line in block.splitlines() if SERVERS.search(line)]
    assert [line for line in starting if not any(mark in line for mark in LEFT_OUT)] == []


def test_the_commands_of_the_pages_are_found():
    assert sum(len(lines_of(path)) for path in PAGES) > 50
    assert runnable("bargain app  # starts a server\nmake run\nbargain check") == "bargain check"


def test_the_gallery_is_the_one_its_module_makes():
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page(), "run: python -m experiments.gallery"
    named = {gallery.name_of(commands[0], figure) for commands, figures in gallery.GALLERY for figure in figures}
    kept = {path.name: path.stat().st_size for path in gallery.FIGURES.iterdir()}
    assert set(kept) == named and sum(kept.values()) < 3_000_000


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """Return a copy of the checkout whose `bargain` plays few worlds."""
    copy = tmp_path_factory.mktemp("checkout")
    for path in files():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, copy / path)
    wrapper = copy / ".few" / "bargain"
    wrapper.parent.mkdir()
    wrapper.write_text(WRAPPER, encoding="utf-8")
    wrapper.chmod(0o755)
    return copy


def shell(commands: str, checkout: Path) -> subprocess.CompletedProcess:
    """Run commands in the copy, by its own code and this environment's programs; stop at the first that fails."""
    path = os.pathsep.join([str(checkout / ".few"), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path, "PYTHONPATH": str(checkout), "OPENBLAS_NUM_THREADS": "1"}
    asked = ["sh", "-ex"]
    return subprocess.run(
        asked, input=commands, cwd=checkout, env=env, text=True, capture_output=True, timeout=PATIENCE
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in PAGES if script(p)], ids=str)
def test_every_command_shown_runs(path, checkout):
    done = shell(script(path), checkout)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_a_command_that_fails_is_noticed(checkout):
    done = shell("bargain check\nbargain explain no_such_key_at_all\nbargain check", checkout)
    assert done.returncode == 2 and "no key 'no_such_key_at_all'" in done.stderr


@pytest.mark.slow
def test_the_lesson_finds_what_its_page_says():
    text = lesson.PAGE.read_text(encoding="utf-8")
    for name, ran in lesson.tables().items():
        said = text.partition(f"<!-- {name} -->\n")[2].partition("\n<!-- end -->")[0]
        assert agree(said, "\n".join(ran)), f"python -m experiments.lesson; the page says\n{said}\nand the runs\n{ran}"
