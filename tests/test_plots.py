"""Figures: they say what the frames say, in the same colours everywhere, and say so in words when there is nothing."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from experiments.messages import UserError
from experiments.plot import draw, figures, main, read, stick_rates, tariffs
from sim import plots
from sim.plots import files
from sim.plots.carrots import given as given_by
from sim.plots.carrots import losses, net_losses
from sim.plots.payoff_space import staircase
from sim.plots.shares import side_parts
from sim.plots.timing import agreed_by
from sim.solutions.frontier import frontier
from tests.plot_frames import PARTNERS, config, packages, points, rounds, run_folder, talks

TALK, ISSUE = "japan", "us_tariff_pct"
CUT = 0.02  # inches of slack at the edge of a figure


def drawers(frame, **names):
    """Every single-panel figure of one talk's frames, as functions of the axes."""
    return {
        "payoff_space": lambda ax: plots.payoff_space(packages(), points(), frame, talk=TALK, ax=ax, **names),
        "offers_over_weeks": lambda ax: plots.offers_over_weeks(rounds(), talk=TALK, issue=ISSUE, ax=ax, **names),
        "sticks_against_carrots": lambda ax: plots.sticks_against_carrots(points(), frame, ax=ax, **names),
        "who_gets_what": lambda ax: plots.who_gets_what(frame, ax=ax, **names),
        "agreed_tariffs": lambda ax: plots.agreed_tariffs(frame, ax=ax, **names),
        "deal_timing": lambda ax: plots.deal_timing(frame, ax=ax, **names),
    }


def one_of_each(frame):
    """Every single-panel figure of one talk's frames, each in a figure of its own."""
    return {name: drawn(None) for name, drawn in drawers(frame).items()}


def words(ax: Axes) -> str:
    """All texts of an axes, title and labels among them."""
    legend = ax.get_legend()
    inside = [t.get_text() for t in legend.get_texts()] if legend else []
    texts = [t.get_text() for t in ax.texts] + [ax.get_title("left"), ax.get_xlabel(), ax.get_ylabel()]
    return " | ".join(texts + inside + [t.get_text() for t in ax.get_yticklabels()]).replace("\n", " ")


UNITS = {
    "payoff_space": ("bn USD a year", "bn USD a year"),
    "offers_over_weeks": ("Round", "(%)"),
    "sticks_against_carrots": ("bn USD a year", ""),
    "who_gets_what": ("bn USD a year", ""),
    "agreed_tariffs": ("(%)", "%"),
    "deal_timing": ("Round", "(%)"),
}


@pytest.mark.parametrize("name", UNITS)
def test_labels_carry_units_and_there_is_a_legend(name):
    ax = one_of_each(talks())[name]
    assert isinstance(ax, Axes)
    assert UNITS[name][0] in ax.get_xlabel().replace("\n", " ")
    assert UNITS[name][1] in ax.get_ylabel().replace("\n", " ")
    assert ax.get_title("left")
    assert ax.get_legend().get_texts()


@pytest.mark.parametrize("name", UNITS)
def test_a_given_axes_is_drawn_into_and_returned(name):
    own = Figure().subplots()
    assert drawers(talks())[name](own) is own


def test_without_deals_every_figure_still_says_something():
    nothing = one_of_each(talks(deals=0))
    assert "none of 10 worlds agree" in words(nothing["payoff_space"])
    assert "Deals (area: worlds)" not in words(nothing["payoff_space"])
    assert "Deal: " not in words(nothing["sticks_against_carrots"])
    for name in ("who_gets_what", "agreed_tariffs", "deal_timing"):
        assert "No world" in words(nothing[name])
    assert "No tariff was on the table" in words(plots.agreed_tariffs(talks().drop(columns=ISSUE)))
    assert "Nobody made an offer" in words(plots.offers_over_weeks(rounds()[:0], talk=TALK, issue=ISSUE))
    assert "Nobody made an offer" in words(plots.offers_panels(rounds()[:0])[0])
    assert "no packages" in words(plots.payoff_space(packages()[:0], points(), talks(), talk=TALK))
    assert "neither sticks nor deals" in words(plots.sticks_against_carrots(points()[:0], talks(deals=0)))


def test_a_single_world_and_a_single_round():
    drawn = one_of_each(talks(worlds=1, deals=1))
    assert "the one world agrees" in words(drawn["payoff_space"])
    ax = plots.offers_over_weeks(rounds(last=1), talk=TALK, issue=ISSUE)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[13.0], [2.0]]


def test_unknown_talk_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"no talk 'korea'.*japan"):
        plots.payoff_space(packages(), points(), talks(), talk="korea")


# Colours


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def seen_by(colour: str, matrix) -> np.ndarray:
    """Linear RGB as a dichromat sees it: Machado, Oliveira & Fernandes (2009), severity 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.clip(np.array(matrix) @ linear, 0, 1)


PROTAN = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
DEUTAN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of linear sRGB."""
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = np.array(to_xyz) @ linear / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("matrix", [np.eye(3), PROTAN, DEUTAN], ids=["all", "protan", "deutan"])
def test_the_four_countries_are_told_apart_by_the_colour_blind(matrix):
    four = [lab(seen_by(plots.COUNTRY_COLOURS[c], matrix)) for c in ("USA", "JPN", "EU27", "CHN")]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(four, 2)) > 12  # 2.3 is just noticeable


def test_colours_can_be_seen_on_white():
    contrast = [1.05 / (luminance(c) + 0.05) for c in plots.COUNTRY_COLOURS.values()]
    assert min(contrast) > 2.2
    assert len(set(plots.COUNTRY_COLOURS.values())) == len(plots.COUNTRY_COLOURS)


@settings(max_examples=50, deadline=None)
@given(codes=st.lists(st.text("ABCDEFGH", min_size=1, max_size=4), unique=True, max_size=7), seed=st.randoms())
def test_colours_do_not_depend_on_order_and_never_clash(codes, seed):
    found = plots.colours([*codes, "USA", "JPN"])
    shuffled = list(codes)
    seed.shuffle(shuffled)
    assert plots.colours(["JPN", *shuffled, "USA"]) == found
    assert len(set(found.values())) == len(found)
    assert (found["USA"], found["JPN"]) == (plots.COUNTRY_COLOURS["USA"], plots.COUNTRY_COLOURS["JPN"])


def test_a_country_has_the_same_colour_in_every_figure():
    blue, red = plots.COUNTRY_COLOURS["USA"].lower(), plots.COUNTRY_COLOURS["JPN"].lower()
    drawn = one_of_each(talks())
    assert [to_hex(line.get_color()) for line in drawn["offers_over_weeks"].lines] == [blue, red]
    assert to_hex(drawn["deal_timing"].lines[0].get_color()) == red
    stick = [to_hex(bar.get_facecolor()) for bar in drawn["sticks_against_carrots"].patches]
    assert stick == [red, blue, red, red, blue]
    assert {to_hex(bar.get_facecolor()) for bar in drawn["agreed_tariffs"].patches} == {red}
    two = plots.sticks_against_carrots(points(("a", "b")), talks(("a", "b")))
    assert {to_hex(b.get_facecolor()) for b in two.patches} == {blue, red, plots.COUNTRY_COLOURS["EU27"].lower()}


# What is drawn is what the frames say


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=1, max_size=30))
def test_the_staircase_is_the_frontier_of_the_solutions(payoffs):
    u = np.array(payoffs, dtype=float)
    _, known = frontier(u).of()
    assert np.array_equal(np.stack(staircase(u[:, 0], u[:, 1]), axis=-1), known)


def test_bubbles_sit_on_the_agreed_packages_with_areas_in_proportion():
    frame = talks(worlds=12, deals=9)  # package 5 five times, package 6 four times
    ax = plots.payoff_space(packages(), points(), frame, talk=TALK)
    bubbles = next(c for c in ax.collections if len(c.get_sizes()) == 2)
    table = packages().set_index("package")
    assert np.allclose(bubbles.get_offsets(), table.loc[[5, 6], ["demander_utility", "partner_utility"]])
    assert np.divide(*bubbles.get_sizes()) == pytest.approx(5 / 4)
    assert "9 of 12 worlds agree (75 %)" in words(ax)


def test_no_zone_of_agreement_is_said():
    high = points()
    high.loc[high.point == "no_deal", ["demander_utility", "partner_utility"]] = (50.0, 50.0)
    high.loc[high.point.isin(["nash", "kalai_smorodinsky"]), ["demander_utility", "partner_utility"]] = np.nan
    sentence = "No package is as good as no deal for both"
    assert sentence in words(plots.payoff_space(packages(), high, talks(), talk=TALK))
    assert sentence not in words(plots.payoff_space(packages(), points(), talks(), talk=TALK))
    assert sentence in words(plots.payoff_spaces(packages(), high, talks())[0])


def test_sticks_and_carrots_by_hand():
    deals = talks(worlds=2, deals=2)  # packages 5 (5 %, pays 4) and 6 (10 %, pays 0)
    assert losses(points(), TALK) == {"demander": 3.0, "partner": 7.0}  # -1 - -4, -9 - -16
    assert given_by(deals) == pytest.approx(2.0)
    net = net_losses(points(), deals, TALK)
    assert net["demander"] == pytest.approx(-1.0 - (0.5 - 1.0) / 2)  # utilities 2.5 - 6 + 4 and 5 - 6
    assert net["partner"] == pytest.approx(-9.0 - (-8.0 - 8.0) / 2)
    lengths = [bar.get_width() for bar in plots.sticks_against_carrots(points(), deals).patches]
    assert lengths == pytest.approx([7.0, 3.0, 2.0, net["partner"], net["demander"]])


def test_bars_stack_to_the_mean_utility():
    frame = talks(worlds=2, deals=2)
    frame["partner_concession"], frame["partner_utility"] = -1.0, frame["partner_utility"] - 1.0
    ax = plots.who_gets_what(frame)
    total = {}
    for bar in ax.patches:
        y = round(bar.get_y() + bar.get_height() / 2, 6)
        total[y] = total.get(y, 0.0) + bar.get_width()
    assert list(total.values()) == pytest.approx([(0.5 - 1.0) / 2, -9.0])
    partner = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches[-3:]]
    assert np.allclose(partner, [(0.0, -6.0), (-6.0, -8.0), (-8.0, -9.0)])  # each begins where the last ends
    assert "utility" not in words(ax).lower()


def test_weights_enter_the_bars_and_private_weights_are_marked():
    frame = talks(worlds=2, deals=2)
    frame["demander_revenue"] = 10.0
    assert "revenue" not in side_parts(frame, "demander")
    assert side_parts(frame, "demander", {"welfare": 1.0, "revenue": 0.2})["revenue"] == pytest.approx(2.0)
    frame["demander_utility"] = 7.0
    assert "(utility 7.0)" in words(plots.who_gets_what(frame))


def test_tariff_bars_are_shares_of_all_worlds():
    ax = plots.agreed_tariffs(talks(worlds=10, deals=8), rates={TALK: {"interim": 15.4, "threat": 24.0}})
    heights = {round(bar.get_x() + bar.get_width() / 2, 6): bar.get_height() for bar in ax.patches}
    assert heights[5.0] == pytest.approx(heights[10.0])
    assert sum(heights.values()) == pytest.approx(0.8 * 0.8)  # eight in ten worlds, on a row 0.8 high
    assert "no deal: 20 %" in words(ax)
    assert "Threatened" in words(ax)


def test_timing_accumulates_to_the_share_of_deals():
    frame = talks(worlds=10, deals=8)
    assert agreed_by(frame, 4).tolist() == pytest.approx([0.0, 0.0, 0.4, 0.8, 0.8])
    ax = plots.deal_timing(frame, days_per_round=7.0)
    assert ax.lines[0].get_ydata().tolist()[-1] == pytest.approx(80.0)
    assert ax.get_xlabel() == "Week"


def test_small_multiples_have_a_panel_each():
    names = tuple(f"talk_{p.lower()}" for p in PARTNERS)
    frames = (packages(names), points(names), talks(names, worlds=3, deals=2))
    assert len(plots.payoff_spaces(*frames)) == len(PARTNERS)
    assert len(plots.offers_panels(rounds(names[:2]))) == 4
    assert len(plots.offers_panels(rounds(names[:2]), talk=names[0])) == 2
    assert len(plots.sticks_against_carrots(*frames[1:]).patches) == 5 * len(PARTNERS)


@pytest.mark.parametrize("inches", [3.5, 6.5])
@pytest.mark.parametrize("name", UNITS)
def test_nothing_is_cut_off_and_no_legend_covers_data(name, inches):
    long = {"USA": "The United States of America", "JPN": "Japan, land of the rising sun, and its islands"}
    fig = Figure(figsize=(inches, 5.5), layout="constrained")
    ax = drawers(talks(), names=long)[name](fig.subplots())
    fig.draw_without_rendering()
    box = fig.get_tightbbox()
    assert box.x0 > -CUT and box.x1 < inches + CUT
    assert ax.get_legend().get_window_extent().y1 < ax.get_window_extent().y0


# Run folders


def test_the_same_run_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "DPI", 50)
    first = draw(run_folder(tmp_path / "a"))
    second = draw(run_folder(tmp_path / "b"))
    assert [f.name for f in first] == [f.name for f in second]
    assert {f.suffix for f in first} == {".png", ".pdf"}
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second))
    assert all(b"CreationDate" not in f.read_bytes() for f in first)


def test_every_talk_and_tariff_has_its_figure(tmp_path):
    run = read(run_folder(tmp_path, ("japan", "eu"), worlds=4, deals=3))
    names = [name for name, _ in figures(run)]
    assert set(names) == {
        *("payoff_space_japan", "payoff_space_eu", "payoff_spaces", "offers_japan", "offers_eu", "offers"),
        *("sticks_against_carrots", "who_gets_what", "agreed_us_tariff_pct", "deal_timing"),
    }
    assert len(names) == len(set(names))


def test_rates_are_import_weighted_and_on_one_footing(tmp_path):
    rates = stick_rates(config(("japan", "eu")), ISSUE)
    assert rates["japan"] == pytest.approx(
        {"interim": 16.9, "threat": 25.86}
    )  # 1.5 + .64*10 + .36*25, 1.5 + .64*24 + 9
    assert rates["eu"] == pytest.approx({"interim": 15.4, "threat": 24.36})  # on top
    run = read(run_folder(tmp_path, ("japan", "eu"), worlds=4, deals=3))
    ((column, frame, marks, labels),) = tariffs(run)
    assert marks["eu"] == pytest.approx({"interim": 17.9, "threat": 26.86})  # status quo of 2.5 added
    added = frame[column] - run.talks[column]
    assert added[frame.talk == "japan"].dropna().unique().tolist() == [0.0]
    assert added[frame.talk == "eu"].dropna().unique().tolist() == pytest.approx([2.5])
    assert "status quo included" in labels[column]


def test_only_on_top_keeps_the_levels_as_written(tmp_path):
    run = read(run_folder(tmp_path, ("japan",), worlds=2, deals=2))
    ((column, frame, *_),) = tariffs(run)
    assert frame[column].equals(run.talks[column])


def test_a_folder_that_is_no_run_is_named_with_what_it_lacks(tmp_path):
    folder = run_folder(tmp_path / "run")
    (folder / "points.parquet").unlink()
    with pytest.raises(UserError, match=r"lacks points\.parquet"):
        draw(folder)
    with pytest.raises(UserError, match="there is no folder"):
        main([str(tmp_path / "nowhere")])
    with pytest.raises(UserError, match="one run folder"):
        main([])
    broken = run_folder(tmp_path / "broken")
    (broken / "rounds.parquet").write_bytes(b"not parquet")
    with pytest.raises(UserError, match="cannot be read"):
        draw(broken)
    in_the_way = run_folder(tmp_path / "way")
    (in_the_way / "figures").write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        draw(in_the_way)


def test_no_global_state_of_matplotlib_is_touched():
    code = (
        "import sys, matplotlib\n"
        "kept = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != 'backend'}\n"
        "before = kept()\n"
        "from tests.plot_frames import *; import experiments.plot; from sim import plots\n"
        "plots.payoff_space(packages(), points(), talks(), talk='japan').figure.draw_without_rendering()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert kept() == before"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
