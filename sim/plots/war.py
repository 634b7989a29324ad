"""The tariff war: each side's best tariff against the other's, and where the two curves cross."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.plots.small import MOST, finish, heading, legend
from sim.plots.style import INK, MUTED, SMALL, canvas, colours, country_name, figure, say, tidy

KINDS = ("curve", "nash")  # rows of best responses, rows of Nash tariffs
POINT = {"marker": "o", "markersize": 7.5, "color": INK, "markeredgecolor": "white", "linestyle": "none"}
DASHES = ("-", (0, (6, 2)))


def rivals(war) -> list[tuple[str, str]]:
    """Return the pairs of a tariff war that have a curve, each once, in order of appearance."""
    found: dict[frozenset, tuple[str, str]] = {}
    curves = war[war["kind"].astype(str) == "curve"]
    for pair in zip(curves["importer"].astype(str), curves["partner"].astype(str)):
        found.setdefault(frozenset(pair), pair)
    return list(found.values())


def best_responses(
    war, *, pair: tuple[str, str] | None = None, names: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the best-response tariffs (%) of two countries against each other and the Nash tariffs where they cross.

    `war`: kind (curve, nash), importer, partner, partner_tariff_pct (the partner's on the importer), best_tariff_pct
    (the importer's best answer on the partner). The first country of `pair` sets the tariff on the y axis; the curve
    of the second is read from the y axis to the x axis (Johnson 1953).
    """
    known = rivals(war)
    fresh = ax is None
    ax = canvas(ax, 5.0, 4.6)
    pair = pair or (known[0] if known else None)
    if pair is None:
        return say(ax, "No best-response tariffs to draw.", "Tariff war")
    one, two = (country_name(c, names) for c in pair)
    paint = colours([*pair, *(names or ())])
    for k, code in enumerate(pair):
        given, best = _curve(war, code, pair[1 - k])
        x, y = (given, best) if k == 0 else (best, given)
        ax.plot(x, y, color=paint[code], linestyle=DASHES[k], linewidth=2.0, zorder=3)
    for x, y in _nash(war, pair):
        ax.plot(x, y, zorder=5, **POINT)
        place = {"xytext": (9, 9), "textcoords": "offset points", "zorder": 4}
        ax.annotate(f"({x:.1f}, {y:.1f})", (x, y), fontsize=SMALL, color=INK, **place)
    _square(ax)
    tidy(ax, x=f"Tariff on {one} (%)", y=f"Tariff on {two} (%)")
    heading(ax, f"{one} and {two}")
    if fresh:
        legend(ax.get_figure(), _handles([pair], names))
    return ax


def war_panels(war, *, names: Mapping[str, str] | None = None, fig: Figure | None = None) -> list[Axes]:
    """Draw the best responses of all pairs of a tariff war, a panel a pair. Returns the axes."""
    known = rivals(war)
    across = min(len(known), MOST - 1)
    down = -(-len(known) // across)
    fig = figure(max(4.8, 0.6 + 2.5 * across), 2.7 * down + 1.1) if fig is None else fig
    axes = fig.subplots(down, across, squeeze=False).ravel()
    for ax, pair in zip(axes, known):
        best_responses(war, pair=pair, names=names, ax=ax)
    for ax in axes[len(known) :]:
        ax.set_axis_off()
    finish(fig, "The tariff war: best responses and Nash tariffs", "", "", _handles(known, names))
    return list(axes[: len(known)])


def _rows(war, kind: str, importer: str, partner: str):
    own = war[(war["kind"].astype(str) == kind) & (war["importer"].astype(str) == importer)]
    return own[own["partner"].astype(str) == partner].sort_values("partner_tariff_pct")


def _curve(war, importer: str, partner: str) -> tuple[np.ndarray, np.ndarray]:
    rows = _rows(war, "curve", importer, partner)
    return rows["partner_tariff_pct"].to_numpy(dtype=float), rows["best_tariff_pct"].to_numpy(dtype=float)


def _nash(war, pair: tuple[str, str]) -> list[tuple[float, float]]:
    """Return the Nash tariffs (x: of the second on the first, y: of the first on the second), each once."""
    found = []
    for k, code in enumerate(pair):
        rows = _rows(war, "nash", code, pair[1 - k])
        for given, best in zip(rows["partner_tariff_pct"].astype(float), rows["best_tariff_pct"].astype(float)):
            found.append((given, best) if k == 0 else (best, given))
    return [p for k, p in enumerate(found) if not any(np.allclose(p, q, atol=1e-3) for q in found[:k])]


def _square(ax: Axes) -> None:
    """Give both axes the same scale from 0, with the line of equal tariffs."""
    top = 1.06 * max(ax.dataLim.x1, ax.dataLim.y1, 1.0)
    ax.plot([0, top], [0, top], color="#DADADA", linewidth=0.8, zorder=1)
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.set_aspect("equal", adjustable="box")


def _handles(known: list[tuple[str, str]], names) -> list:
    codes = list(dict.fromkeys(c for pair in known for c in pair))
    paint = colours([*codes, *(names or ())])
    first = {pair[0] for pair in known}
    handles = [
        Line2D([], [], color=paint[c], linewidth=2.0, linestyle=DASHES[c not in first],
               label=f"Best tariff of {country_name(c, names)}")
        for c in codes
    ]  # fmt: skip
    return [*handles, Line2D([], [], color=MUTED, linewidth=0.8, label="Equal tariffs"),
            Line2D([], [], label="Nash tariffs", **POINT)]  # fmt: skip
