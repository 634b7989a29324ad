"""How every figure looks: one colour a country, labels with units, legends outside the data. Never pyplot state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from textwrap import fill, shorten
from zlib import crc32

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation, Transform, blended_transform_factory

BUSD = "bn USD a year"
INK, MUTED, FAINT = "#222222", "#666666", "#DADADA"
TITLE, LABEL, SMALL = 10.0, 9.0, 8.0  # points
LONGEST_NAME = 28  # characters of a country's name
LEFT = 0.012  # share of the width: where texts flush with the figure begin
KEY = 0.55  # inches of a legend entry beside its text
LETTER = 0.53  # mean width of a letter over its size
ROOMY = 5.0  # inches: narrower charts leave out what can be done without
WIDTH = 6.5  # inches: a column and a half of a journal, half a slide

# Okabe & Ito (2008) for the four that bargain most; the rest from Paul Tol's muted scheme (2021)
COUNTRY_COLOURS = {
    "USA": "#0072B2",
    "JPN": "#D55E00",
    "EU27": "#009E73",
    "CHN": "#CC79A7",
    "KOR": "#E69F00",
    "GBR": "#56B4E9",
    "CAN": "#882255",
    "MEX": "#117733",
    "IND": "#332288",
    "VNM": "#999933",
    "CHE": "#CC6677",
    "ROW": "#777777",
}
OTHER_COLOURS = (
    "#E69F00",
    "#332288",
    "#44AA99",
    "#882255",
    "#56B4E9",
    "#117733",
    "#CC6677",
    "#999933",
    "#AA4499",
)

COUNTRY_NAMES = {
    "USA": "United States",
    "JPN": "Japan",
    "EU27": "European Union",
    "CHN": "China",
    "KOR": "Korea",
    "GBR": "United Kingdom",
    "CAN": "Canada",
    "MEX": "Mexico",
    "IND": "India",
    "VNM": "Viet Nam",
    "CHE": "Switzerland",
    "ROW": "Rest of world",
}
ACRONYMS = {"us": "US", "usa": "US", "eu": "EU", "uk": "UK", "eu27": "EU", "mfn": "MFN"}
UNITS = {"pct": "%", "busd": "bn USD"}
_SUFFIX = re.compile(rf"_({'|'.join(UNITS)})$")


def colours(codes: Iterable[str]) -> dict[str, str]:
    """Return a colour for each country code; known codes keep theirs, unknown ones depend on the set of codes alone.

    An unknown code takes the place its checksum points at, or the next free one.

    >>> colours(["JPN", "USA"])["USA"] == colours(["USA", "CHN", "Z"])["USA"]
    True
    """
    wanted = sorted(set(codes))
    found = {code: COUNTRY_COLOURS[code] for code in wanted if code in COUNTRY_COLOURS}
    taken = set(found.values())
    for code in wanted:
        if code in found:
            continue
        start = crc32(code.encode()) % len(OTHER_COLOURS)
        order = [OTHER_COLOURS[(start + k) % len(OTHER_COLOURS)] for k in range(len(OTHER_COLOURS))]
        found[code] = next((c for c in order if c not in taken), order[0])
        taken.add(found[code])
    return found


def country_name(code: str, names: Mapping[str, str] | None = None) -> str:
    """Return the name of a country, cut to what fits a figure: as given, else the usual one, else its code.

    >>> country_name("JPN"), country_name("A", {"A": "Atlantis"}), country_name("B")
    ('Japan', 'Atlantis', 'B')
    """
    name = str((names or {}).get(code) or COUNTRY_NAMES.get(code, code))
    return shorten(name, LONGEST_NAME, placeholder=" …").replace("$", r"\$")  # not the start of a formula


def issue_label(column: str, labels: Mapping[str, str] | None = None, unit: bool = True) -> str:
    """Return an issue's label from its column name, with the unit in brackets.

    >>> issue_label("us_tariff_pct"), issue_label("pledge_busd", unit=False)
    ('US tariff (%)', 'Pledge')
    """
    if labels and column in labels:
        text = labels[column]
        return text if unit else re.sub(r"\s*\([^()]*\)$", "", text)
    match = _SUFFIX.search(column)
    words = _SUFFIX.sub("", column).split("_")
    words = [ACRONYMS.get(word.lower(), word) for word in words]
    text = " ".join(words)
    text = text[:1].upper() + text[1:]
    return f"{text} ({UNITS[match[1]]})" if unit and match else text


def in_sentence(label: str) -> str:
    """Return a label for the middle of a sentence: lower case unless it begins with an acronym.

    >>> in_sentence("US tariff"), in_sentence("Pledge")
    ('US tariff', 'pledge')
    """
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def issue_columns(data) -> list[str]:
    """Return the columns of a frame that are issues: levels of what is on the table, before the utilities."""
    known = ("red_line_pct", "resolve_pct", "belief_pct")
    return [c for c in map(str, data.columns) if _SUFFIX.search(c) and not c.endswith(known)]


def canvas(ax: Axes | None, width: float = WIDTH, height: float = 4.2) -> Axes:
    """Return `ax`, or the axes of a new figure (inches) without any global state."""
    if ax is not None:
        return ax
    return figure(width, height).subplots()


def figure(width: float, height: float) -> Figure:
    """Return a new figure (inches) that lays itself out so that nothing is cut off or covered."""
    made = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    made.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
    return made


def tidy(ax: Axes, *, title: str = "", x: str = "", y: str = "", note: str = "", flush: bool = False) -> Axes:
    """Label the axes, put the title and under it a note at the left, take away what is not needed.

    `flush`: title and note begin at the left of the figure, not of the axes, and there is no y axis: for charts with
    long tick labels. Texts longer than there is room for are wrapped.
    """
    wide, high = room(ax)
    across = left_edge(ax) if flush else (ax.transAxes, 0.0)
    beside = 0.2 if flush else 0.7  # inches
    if note:
        note = wrapped(note, wide - beside, SMALL)
        place = {"xycoords": (across[0], ax.transAxes), "xytext": (0, 7), "textcoords": "offset points"}
        ax.annotate(note, (across[1], 1.0), fontsize=SMALL, color=MUTED, linespacing=1.2, **place)
    if title:
        pad = 8 + (5 + 10 * (note.count("\n") + 1) if note else 0)
        text = ax.set_title(wrapped(title, wide - beside, TITLE), loc="left", fontsize=TITLE, color=INK, pad=pad)
        text.set_transform(blended_transform_factory(across[0], text.get_transform()))
        text.set_x(across[1])
    ax.set_xlabel(wrapped(x, wide * 0.62 - 0.2 if flush else wide - 0.9, LABEL), fontsize=LABEL, color=INK)
    ax.set_ylabel(wrapped(y, high - 0.9, LABEL), fontsize=LABEL, color=INK)
    ax.tick_params(labelsize=SMALL, colors=MUTED, labelcolor=INK, length=3)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED)
    if flush:
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    ax.set_axisbelow(True)
    return ax


def left_edge(ax: Axes) -> tuple[Transform, float]:
    """Return the transform and place of the left edge: of the figure where the axes are alone in it, else theirs."""
    fig = ax.get_figure()
    return (fig.transFigure, LEFT) if len(fig.axes) == 1 else (ax.transAxes, 0.0)


def room(ax: Axes) -> tuple[float, float]:
    """Return the width and height (inches) of the part of the figure that is for these axes."""
    wide, high = ax.get_figure().get_size_inches()
    place = ax.get_subplotspec()
    if place is None:
        box = ax.get_position()
        return float(wide * box.width), float(high * box.height)
    grid = place.get_gridspec()
    return float(wide * len(place.colspan) / grid.ncols), float(high * len(place.rowspan) / grid.nrows)


def wrapped(text: str, inches: float, size: float) -> str:
    """Return a text broken into lines that fit a width, for letters of `size` points.

    >>> wrapped("one two three", 0.6, 10.0)
    'one two\\nthree'
    """
    return fill(text, max(8, int(inches / (LETTER * size / 72.0))))


def zero_line(ax: Axes, axis: str = "x") -> None:
    """Draw the line where nothing is gained or lost."""
    line = ax.axvline if axis == "x" else ax.axhline
    line(0.0, color=MUTED, linewidth=0.8, zorder=1.5)


def legend_below(ax: Axes, *, columns: int = 3, drop: float = 0.55, handles=None) -> None:
    """Put the legend under the axes, `drop` inches below them: it never covers data."""
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    if not handles:
        return
    fig = ax.get_figure()
    across = fig.transFigure if len(fig.axes) == 1 else ax.transAxes  # alone: centred on the page
    under = ax.transAxes + ScaledTranslation(0.0, -drop, fig.dpi_scale_trans)
    place = blended_transform_factory(across, under)
    ax.legend(
        handles=handles,
        labels=[wrapped(str(h.get_label()), room(ax)[0] - KEY, SMALL) for h in handles],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=place,
        ncols=fitting(handles, columns, room(ax)[0]),
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=1.8,
        columnspacing=1.4,
    )


def fitting(handles, columns: int, inches: float) -> int:
    """Return how many columns of legend, at most `columns`, fit a width; entries fill column by column."""
    sizes = [KEY + LETTER * SMALL / 72.0 * len(str(h.get_label())) for h in handles]
    for count in range(min(columns, len(sizes)), 1, -1):
        if sum(max(part) for part in np.array_split(sizes, count)) <= inches:
            return count
    return 1


def say(ax: Axes, sentence: str, title: str = "") -> Axes:
    """Say in words why there is nothing to draw."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    if title:
        ax.set_title(wrapped(title, room(ax)[0] - 0.3, TITLE), loc="left", fontsize=TITLE, color=INK, pad=8)
    text = wrapped(sentence, room(ax)[0] - 0.6, LABEL)
    ax.text(0.5, 0.5, text, ha="center", va="center", fontsize=LABEL, color=MUTED, transform=ax.transAxes)
    return ax


def percent(share: float) -> str:
    """Return a share as a percentage that never rounds some to none or not all to all.

    >>> percent(0.5), percent(0.0004), percent(0.9996), percent(1.0), percent(0.0)
    ('50 %', 'under 1 %', 'over 99 %', '100 %', '0 %')
    """
    if 0.0 < share < 0.01:
        return "under 1 %"
    if 0.99 < share < 1.0:
        return "over 99 %"
    return f"{100.0 * share:.0f} %"


def signed(value: float) -> str:
    """Return an amount for a bar's end, minus sign and all, with what digits its size deserves.

    >>> signed(12.44), signed(-0.5), signed(-123.4), signed(0.0)
    ('12.4', '−0.5', '−123', '0')
    """
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 0.1 else 2
    text = f"{size:.{digits}f}"
    if not float(text):
        return "0"
    return f"−{text}" if value < 0 else text
