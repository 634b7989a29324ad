"""Execute the notebooks again and keep their outputs: python -m experiments.notebooks [NAME ...]."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from experiments.extras import need
from experiments.messages import UserError, suggest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
PATIENCE = 300  # seconds for one cell
QUIET = ["--log-level=40"]  # of the kernel: errors only
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def found(names: list[str] | None = None) -> list[Path]:
    """Return the notebooks, solutions last; those whose file name begins with one of the names, if any are given."""
    known = [*sorted(FOLDER.glob("*.ipynb")), *sorted((FOLDER / "solutions").glob("*.ipynb"))]
    chosen = [path for path in known if not names or path.stem.startswith(tuple(names))]
    if not chosen:
        raise UserError(f"notebooks: none is called '{names[0]}'; {suggest(names[0], [p.stem for p in known])}")
    return chosen


def read(path: Path) -> Any:
    """Return a notebook as it is kept."""
    return need("nbformat", "notebooks").read(path, as_version=4)


def executed(path: Path) -> Any:
    """Return a notebook with fresh outputs, executed from top to bottom in an empty folder; the file stays as it is."""
    client = need("nbclient", "notebooks")
    notebook = read(path)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / path.name
        shutil.copy2(path, copy)
        settings = {
            "timeout": PATIENCE,
            "kernel_name": KERNEL["name"],
            "record_timing": False,
            "extra_arguments": QUIET,
        }
        runner = client.NotebookClient(notebook, resources={"metadata": {"path": place}}, **settings)
        runner.execute(env=os.environ | ONE_THREAD)
    return tidied(notebook)


def tidied(notebook: Any) -> Any:
    """Take out of a notebook what differs between machines and runs but not in what it says."""
    notebook.metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", {}
    return notebook


def main(names: list[str] | None = None) -> None:
    """Execute the notebooks named, or all, and write them with their outputs."""
    for path in found(names):
        notebook = executed(path)
        need("nbformat", "notebooks").write(notebook, path)
        print(f"{path.relative_to(FOLDER)}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
