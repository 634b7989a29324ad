"""Figures of equilibria: what is drawn is what the tables say, names stay apart, and a folder is enough to draw."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rcParams
from matplotlib.colors import to_hex

from experiments import cli, plot, plot_equilibrium
from experiments.messages import UserError
from sim.plots import curves, equilibria, ladder, margin, orders, points, war
from sim.plots.files import save
from sim.plots.payoff_space import MARKS as POINT_MARKS

NAMES = {"USA": "United States", "JPN": "Japan", "EU27": "European Union"}
SIDES = pd.DataFrame([("japan", "USA", "JPN"), ("eu", "USA", "EU27")], columns=["talk", "demander", "partner"])
LINE = np.arange(11.0)  # packages on a line: the demander's gain is the partner's loss


def packages() -> pd.DataFrame:
    own = {"package": np.arange(11), "demander_utility": LINE, "partner_utility": 10.0 - LINE}
    return pd.concat([pd.DataFrame({"talk": talk, **own}) for talk in SIDES["talk"]])


def named() -> pd.DataFrame:
    at = {"status_quo": (0.0, 0.0), "impasse": (1.0, 1.0), "stick": (-1.0, -2.0), "no_deal": (0.5, 0.5)}
    rows = [(talk, point, *xy) for talk in SIDES["talk"] for point, xy in at.items()]
    return pd.DataFrame(rows, columns=["talk", "point", "demander_utility", "partner_utility"])


def concepts(gap: float = 0.01) -> pd.DataFrame:
    """All concepts: two at one point, the others `gap` apart from each other; and one of the reader's own."""
    rows = []
    for talk in SIDES["talk"]:
        rows.append((talk, "no_deal", 0.5, 0.5))
        rows += [(talk, c, 5.0 + gap * k, 5.0 - gap * k) for k, c in enumerate(equilibria.MARKS)]
        rows += [(talk, "mine", 5.0, 5.0), (talk, "undefined", np.nan, np.nan)]
    return pd.DataFrame(rows, columns=["talk", "concept", "demander_utility", "partner_utility"])


def steps() -> pd.DataFrame:
    """A ladder of three rungs and two answers: without an answer the first rung pays the demander, else none does."""
    rows = []
    for rung, demander, partner in ((10.0, 3.0, -4.0), (20.0, 1.0, -6.0), (30.0, -2.0, -9.0)):
        rows.append(("japan", rung, "no answer", demander, partner, False, demander >= 2.0, 2.0, -1.0))
        rows.append(("japan", rung, "mirrored", demander - 5, partner + 1, True, False, 2.0, -1.0))
    names = "talk rung_pct answer demander_utility partner_utility best_answer credible withheld_demander"
    return pd.DataFrame(rows, columns=[*names.split(), "withheld_partner"])


def along() -> pd.DataFrame:
    """Nash and simulated payoffs along patience, which moves them, and along credibility, which does not."""
    rows = []
    for talk in SIDES["talk"]:
        for value in (0.1, 1.0, 10.0):
            rows += [
                ("patience", value, talk, c, 4 + value + k, 6 - value) for k, c in enumerate(("nash", "simulated"))
            ]
        rows += [("credibility", value, talk, "nash", 5.0, 5.0) for value in (0.0, 50.0, 100.0)]
    return pd.DataFrame(rows, columns=["axis", "value", "talk", "concept", "demander_utility", "partner_utility"])


def beliefs() -> pd.DataFrame:
    rows = [(talk, b, 4 + b / 50, 6 - b / 50, 5.0, 5.0) for talk in SIDES["talk"] for b in (0.0, 50.0, 100.0)]
    pairs = ["nash_demander", "nash_partner", "subgame_perfect_demander", "subgame_perfect_partner"]
    return pd.DataFrame(rows, columns=["talk", "belief_pct", *pairs])


def places() -> pd.DataFrame:
    rows = [("japan > eu", "japan", 1, 2.0, 7.0), ("japan > eu", "eu", 2, 3.0, 6.5)]
    rows += [("eu > japan", "eu", 1, 3.5, 6.0), ("eu > japan", "japan", 2, 1.0, 8.0)]
    return pd.DataFrame(rows, columns=["order", "talk", "place", "demander_utility", "partner_utility"])


def replies() -> pd.DataFrame:
    """Best replies y = 20 + 0.1 x and x = 10 + 0.5 y, which cross where y = 21 / 0.95."""
    y = 21.0 / 0.95
    x = 10.0 + 0.5 * y
    rows = [("curve", "USA", "JPN", t, 20.0 + 0.1 * t) for t in (0.0, 30.0, 60.0)]
    rows += [("curve", "JPN", "USA", t, 10.0 + 0.5 * t) for t in (0.0, 30.0, 60.0)]
    rows += [("nash", "USA", "JPN", x, y), ("nash", "JPN", "USA", y, x)]
    return pd.DataFrame(rows, columns=["kind", "importer", "partner", "partner_tariff_pct", "best_tariff_pct"])


@given(st.lists(st.tuples(st.floats(-5, 15), st.floats(0.1, 2.0)), min_size=1, max_size=8))
def test_names_are_spread_without_overlap_in_order_and_within_bounds(blocks):
    wanted, heights = np.sort([w for w, _ in blocks]), np.array([h for _, h in blocks])
    total = heights.sum()
    at = margin.spread(wanted, heights, 0.0, max(10.0, total))
    low, high = at - heights / 2, at + heights / 2
    assert (low[1:] >= high[:-1] - 1e-9).all()
    assert low[0] >= -1e-9 and high[-1] <= max(10.0, total) + 1e-9
    if (low[1:] > high[:-1] + 1e-9).all():  # nothing was pushed: all stand where they wish, or at a bound
        assert at == pytest.approx(np.clip(wanted, heights / 2, max(10.0, total) - heights / 2))


@given(
    st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), min_size=1, max_size=30),
    st.floats(0.01, 0.99),
)
def test_hull_holds_the_best_package_of_every_weighted_sum(cloud, weight):
    """The frontier with lotteries supports every linear welfare function with positive weights (Arrow et al. 1953)."""
    x, y = np.array(cloud, dtype=float).T
    a, b = points.hull(x, y)
    assert (weight * a + (1 - weight) * b).max() == pytest.approx((weight * x + (1 - weight) * y).max())
    slopes = np.diff(b) / np.diff(a)
    assert (np.diff(slopes) > -1e-12).all() and (slopes < 0).all()  # x falls: the frontier gets flatter


def test_concepts_look_different_and_as_in_the_other_figures():
    looks = [(m.marker, m.face) for m in (*equilibria.MARKS.values(), equilibria.FLOOR, equilibria.SIMULATED)]
    looks += [POINT_MARKS[name][:2] for name in ("status_quo", "impasse", "stick")]
    assert len(set(looks)) == len(looks)
    for name in ("nash", "kalai_smorodinsky", "no_deal"):
        assert equilibria.mark(name)[:3] == POINT_MARKS[name][:3]


def test_equal_payoffs_share_one_spot_and_undefined_ones_have_none():
    found = points.spots(concepts()[lambda d: d["talk"] == "japan"])
    assert found[0].concepts == ("nash", "mine") and len(found) == len(equilibria.MARKS)
    assert "undefined" not in {c for spot in found for c in spot.concepts}


@pytest.mark.parametrize("gap", [0.0, 0.01, 0.3])
def test_names_in_the_margin_stay_apart_and_inside_the_figure(gap):
    before = dict(rcParams)
    axes = points.equilibrium_panels(concepts(gap), packages(), named(), SIDES, talk="japan", names=NAMES)
    fig = axes[0].get_figure()
    fig.draw_without_rendering()
    texts = [t for t in axes[1].texts if t.get_text()]
    assert len(texts) == len(equilibria.MARKS) + 1
    boxes = [t.get_window_extent() for t in texts]
    shared = [min(a.y1, b.y1) - max(a.y0, b.y0) for a, b in combinations(boxes, 2)]
    assert max(shared) <= 0.25 * boxes[0].height  # letters' boxes hold room for descenders
    assert all(fig.bbox.x0 <= b.x0 > axes[1].bbox.x1 and b.x1 <= fig.bbox.x1 for b in boxes)
    assert dict(rcParams) == before
    if gap > 0:  # payoffs to the partner fall in the order of the marks: so do the names, top to bottom
        downwards = [t.get_text() for t in sorted(texts, key=lambda t: -t.get_window_extent().y0)]
        assert [name for name in downwards if name != "Mine"] == [m.label for m in equilibria.MARKS.values()]


def test_all_predictions_lie_within_the_part_shown():
    axes = points.equilibrium_spaces(concepts(0.3), packages(), named(), SIDES, names=NAMES)
    assert len(axes) == len(SIDES)
    for ax in axes:
        (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
        rows = concepts(0.3)[lambda d: d["concept"] != "no_deal"].dropna()
        assert rows["demander_utility"].between(left, right).all() and rows["partner_utility"].between(low, high).all()


def test_no_zone_of_agreement_is_said_in_words():
    nothing = concepts().assign(demander_utility=np.nan)
    ax = points.equilibrium_points(nothing, packages(), named(), SIDES, talk="japan", names=NAMES)
    assert "no package is as good as no deal" in ax.texts[0].get_text()
    axes = points.equilibrium_panels(nothing, packages(), named(), SIDES, talk="japan", names=NAMES)
    assert axes[0].has_data() and not axes[1].has_data()
    axes[0].get_figure().draw_without_rendering()


def test_credible_rungs_are_filled_exactly_where_the_demander_is_no_worse_off():
    ax = ladder.threat_ladder(steps(), SIDES, talk="japan", names=NAMES)
    marks = ax.collections
    assert len(marks) == 2
    for dots in marks:
        change = dots.get_offsets()[:, 1]
        filled = [to_hex(c) != "#ffffff" for c in dots.get_facecolor()]
        assert filled == (change >= 0).tolist()
    assert marks[0].get_offsets()[:, 1].tolist() == [1.0, -1.0, -4.0]
    best = ax.lines[0]
    assert best.get_color() == ladder.HALO and best.get_ydata().tolist() == [-4.0, -6.0, -9.0]


def test_curves_are_drawn_as_tabled_with_the_worlds_on_top():
    view = curves.Along("patience", "Rates", {"japan": 1.0})
    ax = curves.outcome_curve(along(), SIDES, along=view, talk="japan", side="partner", names=NAMES)
    lines = {line.get_color(): line for line in ax.lines}
    assert lines["black"].get_ydata() == pytest.approx([5.9, 5.0, -4.0])
    assert lines["black"].get_zorder() > lines[equilibria.mark("nash").line].get_zorder()
    assert ax.get_xscale() == "log" and ax.lines[-1].get_xdata() == [1.0, 1.0]


def test_flat_lines_do_not_fill_the_axis_with_rounding():
    flat = along()[lambda d: d["axis"] == "credibility"]
    flat = flat.assign(demander_utility=5.0 + 1e-7 * np.arange(len(flat)))
    ax = curves.outcome_curve(flat, SIDES, along=curves.Along("credibility", "Belief"), talk="eu", names=NAMES)
    assert np.ptp(ax.get_ylim()) >= 0.02 * 5.0


def test_belief_buys_nothing_at_no_belief_and_what_the_table_says_at_full():
    ax = curves.belief_worth(beliefs(), SIDES, talk="japan", names=NAMES)
    drawn = [line.get_ydata() for line in ax.lines[:4]]
    assert [d[0] for d in drawn] == [0.0] * 4
    assert [d[-1] for d in drawn] == pytest.approx([2.0, -2.0, 0.0, 0.0])


def test_place_is_measured_against_first_place():
    ax = orders.place_worth(places(), SIDES, talk="japan", names=NAMES)
    assert ax.lines[-1].get_ydata().tolist() == [0.0, 1.0]
    ax = orders.place_worth(places(), SIDES, talk="japan", side="demander", names=NAMES)
    assert ax.lines[-1].get_ydata().tolist() == [0.0, -1.0]


def test_nash_tariffs_lie_on_both_best_response_curves():
    ax = war.best_responses(replies(), pair=("USA", "JPN"), names=NAMES)
    one, two, nash = ax.lines[0], ax.lines[1], ax.lines[2]
    x, y = nash.get_xdata()[0], nash.get_ydata()[0]
    assert np.interp(x, one.get_xdata(), one.get_ydata()) == pytest.approx(y)
    assert np.interp(y, two.get_ydata(), two.get_xdata()) == pytest.approx(x)
    assert sum(line.get_marker() == "o" for line in ax.lines) == 1  # both rows of the Nash point are one point


def write(folder) -> None:
    talks = {t: {"demander": d, "partner": p, "stick": {"threat_pct": 24.0, "belief_pct": 60.0}} for t, d, p in
             SIDES.itertuples(index=False)}  # fmt: skip
    config = {"talks": talks, "countries": {code: {"name": name} for code, name in NAMES.items()}}
    (folder / "manifest.json").write_text(json.dumps({"config": config}), encoding="utf-8")
    packages().to_parquet(folder / "packages.parquet")
    named().to_parquet(folder / "points.parquet")
    tables = {"concepts": concepts(0.3), "beliefs": beliefs(), "ladder": steps(), "curves": along()}
    for name, frame in {**tables, "orders": places(), "war": replies()}.items():
        frame.to_csv(folder / f"{name}.csv", index=False)


def test_a_folder_is_drawn_and_axes_that_move_nothing_are_left_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sim.plots.files.DPI", 40)
    write(tmp_path)
    assert cli.main(["plot", str(tmp_path)]) == 0
    expected = {"predictions_japan", "predictions_eu", "predictions", "along_patience", "belief", "ladder"}
    found = {p.stem for p in (tmp_path / "figures").glob("*.png")}
    assert found == expected | {"order_of_talks", "tariff_war"}
    assert {p.stem for p in (tmp_path / "figures").glob("*.pdf")} == found
    assert "16 files" in capsys.readouterr().out


def test_same_tables_give_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.plots.files.DPI", 40)
    drawn = []
    for name in ("a", "b"):
        ax = points.equilibrium_points(concepts(0.3), packages(), named(), SIDES, talk="eu", names=NAMES)
        drawn.append([p.read_bytes() for p in save(ax.get_figure(), tmp_path, name)])
    assert drawn[0] == drawn[1]


def test_what_is_missing_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "packages.parquet").unlink()
    with pytest.raises(UserError, match=r"lacks packages\.parquet"):
        plot.draw(tmp_path)
    with pytest.raises(UserError, match="no folder"):
        plot_equilibrium.draw(tmp_path / "nowhere")


def test_many_talks_fold_into_rows():
    many = pd.DataFrame([(f"t{k}", "USA", "JPN") for k in range(6)], columns=SIDES.columns)
    rows = pd.concat([along()[lambda d: d["talk"] == "eu"].assign(talk=talk) for talk in many["talk"]])
    axes = curves.outcome_panels(rows, many, along=curves.Along("patience", "Rates"), names=NAMES)
    assert len(axes) == 12 and axes[0].get_subplotspec().get_gridspec().get_geometry() == (4, 4)
