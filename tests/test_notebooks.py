"""Lessons: what they promise, what they keep, and (slow) that they still say what they said when they are executed."""

from __future__ import annotations

import base64
import re

import pytest

from experiments import notebooks
from tests.test_docs import LINK, agree

LESSONS = [path for path in notebooks.found() if path.parent == notebooks.FOLDER]
SOLUTIONS = [path for path in notebooks.found() if path.parent != notebooks.FOLDER]
LARGEST, LONGEST = 400_000, 14  # bytes of a file, lines of a cell
OWN = re.compile(r"/tmp/\S+|0x[0-9a-f]{6,}")  # what names one machine or one process
NAMES = {str(path.relative_to(notebooks.FOLDER).with_suffix("")): path for path in [*LESSONS, *SOLUTIONS]}


def cells(path, kind: str) -> list:
    """Return a notebook's cells of one kind."""
    return [cell for cell in notebooks.read(path).cells if cell.cell_type == kind]


def said(output) -> str:
    """Return an output as text: what was printed, or the plain form of a value; nothing for a picture."""
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return "" if "image/png" in data else data.get("text/plain", "")


def pictures(path) -> list[bytes]:
    """Return the pictures of a notebook."""
    found = [o.get("data", {}).get("image/png") for cell in cells(path, "code") for o in cell.outputs]
    return [base64.b64decode(png) for png in found if png]


def test_there_are_six_lessons_and_each_has_solutions():
    assert [path.stem[:2] for path in LESSONS] == ["01", "02", "03", "04", "05", "06"]
    assert [path.name for path in LESSONS] == [path.name for path in SOLUTIONS]


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_says_what_it_takes_and_ends_with_room_for_answers(path):
    texts = [cell.source for cell in cells(path, "markdown")]
    assert "**Time**" in texts[0] and "**After this lesson you can**" in texts[0]
    assert texts[-1].startswith("## Exercises") and texts[-1].count("\n**") >= 3
    assert notebooks.read(path).cells[-1].source == "# your answers here"
    minutes = int(re.search(r"\*\*Time\*\*: (\d+) minutes", texts[0])[1])
    assert 15 <= minutes <= 30


@pytest.mark.parametrize("lesson, solution", list(zip(LESSONS, SOLUTIONS)), ids=lambda p: p.stem)
def test_every_exercise_has_an_answer(lesson, solution):
    numbers = [re.findall(r"^\*\*(\d)\.\*\*", c.source, re.MULTILINE) for c in cells(lesson, "markdown")][-1]
    answers = "\n".join(cell.source for cell in cells(solution, "markdown"))
    assert numbers and [n for n in numbers if f"**{n}.**" not in answers] == []


@pytest.mark.parametrize("path", NAMES.values(), ids=NAMES)
def test_outputs_are_kept_and_hold_nothing_of_one_machine(path):
    notebook = notebooks.read(path)
    assert path.stat().st_size < LARGEST
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "run: python -m experiments.notebooks"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", said(output)
            assert not OWN.search(said(output)), said(output)


@pytest.mark.parametrize("path", NAMES.values(), ids=NAMES)
def test_cells_are_short_and_links_lead_somewhere(path):
    long = [cell.source for cell in cells(path, "code") if len(cell.source.splitlines()) > LONGEST]
    assert long == []
    links = LINK.findall("\n".join(cell.source for cell in cells(path, "markdown")))
    assert [link for link in links if not link.startswith("http") and not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", LESSONS[:5], ids=lambda p: p.stem)
def test_lessons_show_pictures(path):
    shown = pictures(path)
    assert shown and all(png.startswith(b"\x89PNG") for png in shown)


def test_a_notebook_that_is_not_there_is_told_with_the_nearest_name():
    with pytest.raises(notebooks.UserError, match="did you mean '01_a_pie'"):
        notebooks.found(["01_a_pi_e"])


@pytest.mark.slow
@pytest.mark.parametrize("path", NAMES.values(), ids=NAMES)
def test_executed_again_it_says_the_same(path):
    kept, fresh = notebooks.read(path), notebooks.executed(path)
    for old, new in zip(kept.cells, fresh.cells, strict=True):
        assert old.source == new.source
        before, after = ("\n".join(map(said, cell.get("outputs", []))) for cell in (old, new))
        assert agree(before, after), f"{old.source}\nkept:\n{before}\nnow:\n{after}"
        assert len(old.get("outputs", [])) == len(new.get("outputs", []))
