"""Remake the figures of docs/gallery.md and the page itself: python -m experiments.gallery."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from experiments.cli import main as bargain
from experiments.readme import COLOURS

ROOT = Path(__file__).resolve().parent.parent
PAGE, FIGURES = ROOT / "docs" / "gallery.md", ROOT / "docs" / "figures" / "gallery"
WIDEST = 1200  # pixels of a figure in the repository
HEAD = """# Gallery

<!-- made by: python -m experiments.gallery -->

What the program draws, and the command that drew it. Runs leave their figures in a folder `figures/` of their own, as
PNG and PDF; those here are smaller copies. `bargain plot DIR` draws them again from the tables of a run, a sweep or an
equilibrium.
"""


class Shown(NamedTuple):
    """A figure of the page: its file below a command's folder, its title, and what to see in it."""

    file: str
    title: str
    words: str


GALLERY: tuple[tuple[tuple[str, ...], tuple[Shown, ...]], ...] = (
    (
        ("bargain --out default",),
        (
            Shown(
                "figures/sticks_against_carrots.png", "Sticks against carrots",
                "What the stick would cost both sides if it fell, and what is given in the deals instead.",
            ),
            Shown(
                "figures/who_gets_what.png", "Who gets what",
                "The mean deal taken apart into the components of each side's payoff.",
            ),
            Shown(
                "figures/offers_japan.png", "Offers",
                "What both sides asked for, round by round: medians and middle halves over the worlds.",
            ),
            Shown(
                "figures/deal_timing.png", "Timing",
                "When worlds agree: with Japan and the EU only as the deadline comes near.",
            ),
        ),
    ),
    (
        ("bargain experiment=classroom --out pie",),
        (
            Shown(
                "figures/payoff_space_pie.png", "A pie in payoff space",
                "Every split of 100, the frontier, and where two evenly conceding sides end: at Nash's point.",
            ),
        ),
    ),
    (
        ("bargain story experiment=classroom --world 3 --out story",),
        (
            Shown(
                "story_pie_world_3.png", "One world",
                "The offers of one world and who accepted. The command also prints them in words.",
            ),
        ),
    ),
    (
        ("bargain experiment=escalation_china --out escalation",),
        (
            Shown(
                "figures/tariffs_in_force_china.png", "Escalation",
                "Tariffs in force while talks go on, beside those of April and May 2025.",
            ),
        ),
    ),
    (
        ("bargain policies --out policies",),
        (
            Shown(
                "policies_china.png", "Ways of moving a tariff",
                "What each policy of the United States buys and costs, against each answer, in the same worlds.",
            ),
        ),
    ),
    (
        ("bargain equilibrium talks=us_japan --out equilibrium",),
        (
            Shown(
                "figures/predictions_japan.png", "What theory predicts",
                "Every concept on the packages of one talk; how to read it: [equilibrium.md](equilibrium.md).",
            ),
            Shown(
                "figures/along_credibility.png", "Along belief",
                "Payoffs as Japan believes the threat more, by concept; the black line is simulated.",
            ),
            Shown(
                "figures/ladder.png", "The ladder",
                "What a tariff carried out for good changes for both, by answer. Filled marks are credible.",
            ),
            Shown(
                "figures/tariff_war.png", "The tariff war",
                "Best replies of each pair and the war tariffs where they cross (another model: balanced trade).",
            ),
        ),
    ),
    (
        ("bargain meetings --out meetings",),
        (
            Shown(
                "short_rounds.png", "Agents meet theory",
                "Rational sides with ever shorter rounds end at Rubinstein's split, and at its limit.",
            ),
            Shown(
                "obstinate.png", "War of attrition",
                "Agreement by round and deadlock, as often as the law has it.",
            ),
        ),
    ),
    (
        ("bargain sweep=threat_patience --out sweep", "bargain plot sweep"),
        (
            Shown(
                "figures/outcomes_japan.png", "Threat and patience",
                "A sweep of 91 cells: what a larger threat buys from a partner that is more or less patient.",
            ),
        ),
    ),
)  # fmt: skip


def name_of(command: str, figure: Shown) -> str:
    """Return the name of a figure in the repository.

    >>> name_of("bargain --out default", Shown("figures/offers_japan.png", "", ""))
    'default_offers_japan.png'
    """
    own, folder = Path(figure.file).name, folder_of(command)
    return own if folder in own else f"{folder}_{own}"


def folder_of(command: str) -> str:
    """Return the folder that a command names with --out."""
    return shlex.split(command)[shlex.split(command).index("--out") + 1]


def page() -> str:
    """Return the page as markdown."""
    parts = [HEAD]
    for commands, figures in GALLERY:
        parts.append("\n```sh\n" + "\n".join(commands) + "\n```\n")
        for figure in figures:
            name = name_of(commands[0], figure)
            parts.append(f"\n### {figure.title}\n\n{figure.words}\n\n![{figure.title}](figures/gallery/{name})\n")
    return "".join(parts)


def drawn() -> Iterator[tuple[str, Path]]:
    """Run every command in a folder of its own and yield (name, file) of each figure while it is there."""
    with tempfile.TemporaryDirectory() as place, chdir(place), open(os.devnull, "w") as nowhere:
        for commands, figures in GALLERY:
            for command in commands:
                with redirect_stdout(nowhere):
                    code = bargain(shlex.split(command)[1:])
                if code:
                    raise ValueError(f"{command}: exit code {code}")
            for figure in figures:
                yield name_of(commands[0], figure), Path(place) / folder_of(commands[0]) / figure.file


def main() -> None:
    """Draw the figures, shrink them into the repository, drop old ones and write the page."""
    from PIL import Image

    FIGURES.mkdir(parents=True, exist_ok=True)
    made = set()
    for name, file in drawn():
        image = Image.open(file).convert("RGB")
        if image.width > WIDEST:
            image = image.resize((WIDEST, round(image.height * WIDEST / image.width)), Image.Resampling.LANCZOS)
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(FIGURES / name, optimize=True)
        made.add(name)
    for old in FIGURES.glob("*.png"):
        if old.name not in made:
            old.unlink()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
