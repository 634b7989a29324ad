"""A missing extra is told with the line that installs it; the line names an extra that exists."""

import re
import tomllib

import pytest

from experiments import extras
from experiments.cli import main
from experiments.messages import UserError
from tests.house import ROOT, files

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def test_what_is_installed_is_handed_over():
    assert extras.need("email.mime", "app").__name__ == "email.mime"


def test_what_is_missing_is_told_with_the_line_that_installs_it(monkeypatch, capsys):
    monkeypatch.setattr("experiments.cli.COMMANDS", {"app": ("tests.wants_more", "x")})
    monkeypatch.setitem(__import__("sys").modules, "tests.wants_more", _Wants)
    assert main(["app"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "this needs no_such_library, which is not installed; it comes with the extra [app]:"
    assert re.search(r"-m pip install -c \S*constraints\.txt -e '\S+\[app\]'$", told[1]) and len(told) == 2


class _Wants:
    @staticmethod
    def main(argv):
        extras.need("no_such_library.inside", extra="app")


def test_a_library_that_breaks_while_loading_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "breaks_here.py").write_text("raise RuntimeError('own fault')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuntimeError, match="own fault"):
        extras.need("breaks_here", "app")


def test_outside_a_checkout_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "ROOT", tmp_path)
    assert extras.install("app").endswith("-m pip install 'sticks-and-carrots[app]'")
    with pytest.raises(UserError, match="sticks-and-carrots"):
        extras.need("no_such_library", "app")


def test_every_extra_the_code_asks_for_is_declared():
    asked = [
        (str(path), name)
        for path in files()
        if path.suffix == ".py" and path.parts[0] in ("experiments", "hydra_plugins", "sim")
        for name in re.findall(r"\bneed\(\s*[^()]*?extra=\"(\w+)\"", (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert [(path, name) for path, name in asked if name not in EXTRAS] == []
