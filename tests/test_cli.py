"""The command: sub-commands, help, exit codes, and what it does not import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import cli, menu
from experiments.messages import UserError, nearest
from experiments.options import parse

BARGAIN = [sys.executable, "-m", "experiments.cli"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ("run", [])),
        (["worlds=5"], ("run", ["worlds=5"])),
        (["-m", "worlds=5,6"], ("run", ["-m", "worlds=5,6"])),
        (["~talks.china"], ("run", ["~talks.china"])),
        (["+title=x"], ("run", ["+title=x"])),
        (["check", "worlds=5"], ("check", ["worlds=5"])),
        (["plot", "outputs/x"], ("plot", ["outputs/x"])),
    ],
)
def test_first_word_is_the_command_or_run(words, expected):
    assert cli.split(words) == expected


def test_unknown_command_names_the_nearest(capsys):
    assert cli.main(["chekc"]) == 2
    assert "no command 'chekc'; did you mean 'check'?" in capsys.readouterr().err


def test_mistakes_go_to_stderr_with_code_2(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "worlds=0"]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err == "command line: worlds: 0 is out of range; allowed: 1 to 10000000 worlds\n"
    assert cli.main(["worlds=0"]) == 2  # run: told before any folder appears
    assert list(tmp_path.iterdir()) == []


def test_check_runs_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "experiment=classroom", "worlds=3"]) == 0
    assert "3 worlds" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert cli.main(["check", "-m", "worlds=1,2"]) == 2


def test_help_lists_every_option_with_a_line(capsys):
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for group, options in menu.groups().items():
        assert f"\n{group}" in text
        for option, line in options.items():
            assert option in text and line in text
    for command in cli.COMMANDS:
        assert f"  {command}" in text


def test_help_imports_nothing_heavy_and_is_quick():
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "from experiments.cli import main; main(['--help'])\n"
        "print(time.perf_counter() - start, *[m for m in ('numpy', 'hydra', 'pydantic', 'yaml', 'mesa', 'omegaconf')"
        " if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=menu.CONFIGS.parent)
    seconds, *imported = done.stderr.split()
    assert imported == []
    assert float(seconds) < 0.1


def test_a_reader_that_leaves_is_no_fault():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*BARGAIN, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=menu.CONFIGS.parent
    )
    os.close(writer)
    assert "Traceback" not in done.stderr


def test_faults_of_a_library_are_told_in_at_most_six_lines(monkeypatch, capsys):
    class Module:
        @staticmethod
        def main(argv):
            raise ValueError("\n".join(f"line {i}" for i in range(20)))

    monkeypatch.setattr(cli.importlib, "import_module", lambda name: Module)
    assert cli.main(["check"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 6
    monkeypatch.setenv(cli.TRACEBACK, "1")
    with pytest.raises(ValueError):
        cli.main(["check"])


def test_interrupt_is_130(monkeypatch, capsys):
    class Module:
        @staticmethod
        def main(argv):
            raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", lambda name: Module)
    assert cli.main(["check"]) == 130


def test_options_are_taken_apart(tmp_path: Path):
    found = parse(["worlds=5", "--out", "here", f"--plugins={tmp_path}", "-m", "~talks.eu"])
    assert found.overrides == ("worlds=5", "~talks.eu")
    assert (str(found.out), found.plugins, found.multirun) == ("here", tmp_path, True)
    for words, told in [
        (["--otu", "x"], "did you mean '--out'?"),
        (["--out"], "needs a folder"),
        (["worlds"], "is not key=value"),
        (["--plugins", str(tmp_path / "none")], "no folder"),
    ]:
        with pytest.raises(UserError, match=told.replace("?", r"\?")):
            parse(words)


def test_nearest_prefers_the_likely_word():
    assert nearest("wrlds", ["worlds", "seed", "offers"]) == "worlds"
    assert nearest("threat", ["threat_pct", "interim_pct"]) == "threat_pct"
    assert nearest("JAPAN", ["japan", "eu"]) == "japan"
    assert nearest("zzz", ["japan", "eu"]) is None


def test_hydras_own_switch_silences_a_run(tmp_path, capsys):
    words = ["experiment=classroom", "figures=false", "worlds=4"]
    assert cli.main([*words, "hydra/job_logging=none", "--out", str(tmp_path / "quiet")]) == 0
    heard = capsys.readouterr()
    assert heard.out == "" and heard.err == ""
    assert cli.main([*words, "--out", str(tmp_path / "loud")]) == 0
    assert "pie" in capsys.readouterr().out
    assert cli.main([*words, "hydra/job_logging=non", "--out", str(tmp_path / "no")]) == 2
    assert "none" in capsys.readouterr().err
