"""`bargain strategies`: one row an option, with what its class says of itself."""

import pytest

from experiments.cli import main
from experiments.menu import CONFIGS


@pytest.fixture
def rows(capsys):
    assert main(["strategies"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    return {cells[0]: cells for cells in ([c.strip() for c in line.strip("|").split("|")] for line in lines[1:])}


def test_every_option_has_its_row(rows):
    assert set(rows) == {path.stem for path in (CONFIGS / "strategy").glob("*.yaml")}
    assert all(len(cells) == 6 and all(cells) for cells in rows.values())


def test_rows_say_what_is_needed_and_how_well_it_is_checked(rows):
    assert rows["hardliner"][5] == "checked against print"
    assert rows["rational"][2:] == [
        "complete",
        "AlternatingOffers",
        "Ståhl 1972; Rubinstein 1982",
        "checked against theory",
    ]
    assert rows["boulware"][2:4] == ["private", "any"] and rows["screener"][2] == "types"
    assert rows["zeuthen"][3] == "MonotonicConcession" and rows["bayesian"][5] == "lightly tested"


def test_it_takes_no_words(capsys):
    assert main(["strategies", "rational"]) == 2
    assert "takes no 'rational'" in capsys.readouterr().err
