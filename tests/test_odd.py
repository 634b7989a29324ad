"""The ODD page: all seven elements and eleven design concepts, and tables that are those of the program."""

from __future__ import annotations

import re

import pytest

from experiments.compose import load
from experiments.odd import PAGE, tables, values
from experiments.places import universe
from experiments.readme import with_tables

TEXT = PAGE.read_text(encoding="utf-8")
ELEMENTS = [  # Grimm et al. 2020, table 1
    "Purpose and patterns", "Entities, state variables, and scales", "Process overview and scheduling",
    "Design concepts", "Initialization", "Input data", "Submodels",
]  # fmt: skip
CONCEPTS = [
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction",
    "Stochasticity", "Collectives", "Observation",
]  # fmt: skip


def test_the_seven_elements_stand_in_order():
    assert re.findall(r"^## (\d)\. (.+)$", TEXT, re.MULTILINE) == [(str(n), e) for n, e in enumerate(ELEMENTS, 1)]


def test_the_eleven_design_concepts_stand_in_order():
    part = TEXT.partition("## 4. Design concepts")[2].partition("## 5.")[0]
    assert re.findall(r"^\*\*([A-Z][a-z ]+)\.\*\*", part, re.MULTILINE) == CONCEPTS


def test_the_tables_are_those_of_the_program():
    assert with_tables(TEXT, tables()) == TEXT, "run: python -m experiments.odd"


def test_every_parameter_is_in_one_table():
    rows = [row for lines in tables().values() for row in lines[2:]]
    assert len(rows) == len(universe()) == len(set(rows))


@pytest.mark.parametrize(("home", "value"), [("stick.threat_pct", "japan 24, eu 20, china 54"), ("run.worlds", "1000"),
    ("protocol.AlternatingOffers.rounds", "13"), ("types.red_line_pct.probabilities", "null"),
    ("economy.keep", "[USA, JPN, EU27, CHN]"), ("issues.tariff.basis", "differs")])  # fmt: skip
def test_values_are_those_of_the_default_run(home, value):
    assert values(load([]))[home] == value


def test_modules_and_files_named_exist():
    named = re.findall(r"`((?:sim|agents|tests)/[\w./]+\.(?:py|csv|md))`", TEXT)
    assert len(named) > 8 and [name for name in named if not (PAGE.parent.parent / name).is_file()] == []
