"""Documents say what is so: doctests, links, pages made from code; slow: README's figures."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from experiments.describe_columns import PAGE, page
from experiments.readme import tables
from tests.house import ROOT, files, modules

PAGES = [p for p in files() if p.suffix == ".md" and p.parts[0] in ("README.md", "docs", "notebooks")]
WITH_EXAMPLES = [p for p in PAGES if ">>> " in (ROOT / p).read_text(encoding="utf-8")]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
LAST_DIGIT = 1.01  # another machine's last bits may turn a rounding: one unit of the last digit shown
PATIENCE = 600  # seconds for the commands of one page


@pytest.mark.parametrize("name", sorted(modules()))
def test_examples_in_the_code_hold(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=str)
def test_examples_in_the_pages_hold(path):
    failed, tried = doctest.testfile(str(ROOT / path), module_relative=False)
    assert tried > 0 and failed == 0


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_links_inside_the_checkout_lead_somewhere(path):
    links = LINK.findall((ROOT / path).read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    assert [link for link in inside if not (ROOT / path.parent / link).exists()] == []


def test_every_page_on_theory_is_in_the_index():
    index = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
    pages = [p for p in PAGES if p.is_relative_to("docs/theory")]
    assert [p.name for p in pages if f"(theory/{p.name})" not in index] == []


def test_the_page_of_columns_is_up_to_date():
    again = "run: python -m experiments.describe_columns"
    assert PAGE.read_text(encoding="utf-8") == page(), again


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """Return a copy of the checkout: commands of the pages may write in it."""
    copy = tmp_path_factory.mktemp("checkout")
    for path in files():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, copy / path)
    return copy


def shell(commands: str, checkout: Path) -> subprocess.CompletedProcess:
    """Run commands in the copy, by its own code and this environment's programs; stop at the first that fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path, "PYTHONPATH": str(checkout), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        ["sh", "-e"], input=commands, cwd=checkout, env=env, text=True, capture_output=True, timeout=PATIENCE
    )


@pytest.fixture(scope="module")
def default_run(checkout) -> Path:
    """Return the folder of the default run, played once in the copy."""
    done = shell("bargain run figures=false --out default\n", checkout)
    assert done.returncode == 0, done.stderr[-2000:]
    return checkout / "default"


@pytest.mark.slow
def test_the_tables_of_the_readme_are_those_of_the_default_run(default_run):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, ran in tables(default_run).items():
        said = text.partition(f"<!-- {name} -->\n")[2].partition("\n<!-- end -->")[0]
        assert agree(said, "\n".join(ran)), f"make docs; README says\n{said}\nand the run\n" + "\n".join(ran)


@pytest.mark.slow
def test_what_japan_signed_is_worth_less_to_it_than_no_deal_as_the_readme_says(default_run):
    packages, points = (pd.read_parquet(default_run / f"{name}.parquet") for name in ("packages", "points"))
    no_deal = points[(points["talk"] == "japan") & (points["point"] == "no_deal")]["partner_utility"].iloc[0]
    signed = packages.query("talk == 'japan' and abs(us_tariff_pct - 15) < 0.1 and abs(pledge_busd - 550) < 0.1")
    assert len(signed) and signed["partner_utility"].max() < no_deal


@pytest.mark.slow
def test_no_stick_of_the_default_run_is_credible_by_itself_as_the_readme_says(default_run):
    points = pd.read_parquet(default_run / "points.parquet").set_index(["talk", "point"])["demander_utility"].unstack()
    assert len(points) == 3 and (points["stick"] < points["impasse"]).all()


def agree(said: str, ran: str) -> bool:
    """Say whether two tables are the same, numbers to a unit of their last digit."""
    if NUMBER.sub("#", said).split() != NUMBER.sub("#", ran).split():
        return False
    pairs = zip(NUMBER.findall(said), NUMBER.findall(ran), strict=True)
    return all(abs(float(a) - float(b)) <= LAST_DIGIT * 10.0 ** -len(a.partition(".")[2]) for a, b in pairs)


def test_tables_that_differ_by_more_than_a_rounding_do_not_agree():
    assert agree("| +1.20 |", "| +1.21 |") and not agree("| +1.20 |", "| +1.22 |") and not agree("| a 1 |", "| b 1 |")
