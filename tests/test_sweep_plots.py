"""Figures of sweeps: what is drawn is what the summary says, and what to draw follows from what was swept."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from experiments.messages import UserError
from experiments.plot import draw as plot
from experiments.sweep import draw as sweeps
from experiments.sweep.draw import facets, figures, in_step, measures, read, responsive
from experiments.sweep.labels import label_of
from experiments.sweep.summary import summarise
from sim.plots.bands import Along, edges, outcome_band_panels
from sim.plots.dots import option_panels
from sim.plots.measures import DEALS, SHARE, level
from sim.plots.phase import phase_panels
from sim.plots.scatter import design_panels, sliced_mean
from sim.plots.sobol import sobol_panels
from sim.plots.squares import Plane, on_grid, ruler
from sim.plots.style import COUNTRY_COLOURS
from sim.plots.tornado import along_panels, tornado_panels
from tests.sweep_frames import RATE, THREAT, WHO, cells, talks, theory, write_folder

ONE = {THREAT: [0.0, 10.0, 20.0, 40.0]}
TWO = {THREAT: [0.0, 10.0, 20.0, 40.0], RATE: [0.05, 0.5, 5.0]}
MIXED = {THREAT: [0.0, 10.0, 20.0], WHO: ["linear", "boulware"]}
TARIFF = level("us_tariff_pct", "US tariff (%)")
OUTCOMES = [DEALS, TARIFF, SHARE]


@pytest.fixture(scope="module")
def sweep_of(tmp_path_factory):
    """Return a function: axes -> the sweep as it is read from a folder of fake talks, with theory; kept."""
    known = {}

    def make(axes, names=("japan",), with_theory=True):
        key = repr((axes, names, with_theory))
        if key not in known:
            folder = write_folder(tmp_path_factory.mktemp("sweep") / "s", axes, names=names)
            summarise(folder)
            if with_theory:
                theory(axes, names).to_parquet(folder / "theory.parquet")
            known[key] = read(folder)
        return known[key]

    return make


def drawn(sweep) -> dict[str, Figure]:
    return dict(figures(sweep))


def words(fig: Figure) -> str:
    """All texts of a figure."""
    texts = [t.get_text() for ax in fig.axes for t in (*ax.texts, ax.title, ax.xaxis.label, ax.yaxis.label)]
    texts += [ax.get_title("left") for ax in fig.axes]
    texts += [t.get_text() for legend in fig.legends for t in legend.get_texts()]
    return " | ".join([fig.get_suptitle(), fig.get_supxlabel(), *texts]).replace("\n", " ")


# What is drawn


@pytest.mark.parametrize(
    "axes, names, wanted",
    [
        (ONE, ("japan",), {"outcomes", "payoffs"}),
        (ONE, ("japan", "eu"), {"outcomes", "payoffs"}),
        ({WHO: ["linear", "boulware", "tit_for_tat"]}, ("japan", "eu"), {"outcomes", "payoffs"}),
        (MIXED, ("japan",), {"outcomes", "payoffs"}),
        (TWO, ("japan", "eu"), {"outcomes_japan", "outcomes_eu", "payoffs_japan", "payoffs_eu"}),
        (
            {**TWO, WHO: ["linear", "boulware"]},
            ("japan",),
            {f"{m}_japan" for m in ("deal_rate", "us_tariff_pct", "demander_surplus_share")},
        ),
    ],
)
def test_what_is_drawn_follows_from_what_was_swept(sweep_of, axes, names, wanted):
    found = drawn(sweep_of(axes, names))
    assert set(found) == wanted
    for fig in found.values():
        assert fig.get_suptitle() and fig.legends


def test_without_theory_everything_is_still_drawn(sweep_of):
    for axes in (ONE, TWO, MIXED, {WHO: ["linear", "boulware"]}):
        for fig in drawn(sweep_of(axes, with_theory=False)).values():
            assert "Nash" not in words(fig)


def test_a_setting_of_one_value_is_no_axis(sweep_of):
    assert set(drawn(sweep_of({**ONE, RATE: [0.5]}))) == {"outcomes", "payoffs"}


def test_a_design_is_a_point_cloud_and_a_zip_is_a_line(sweep_of):
    sweep = sweep_of(TWO)
    rng = np.random.default_rng(1)
    points = sweep.cells.assign(**{THREAT: rng.random(12), RATE: rng.random(12)})
    cloud = _replaced(sweep, points)
    assert not cloud.is_grid and not in_step(cloud)
    assert set(drawn(cloud)) == {"design_japan"}
    again = _replaced(sweep, sweep.cells.assign(**{THREAT: [1.0, 2.0] * 6, RATE: [1.0, 1.0, 2.0, 2.0] * 3}))
    assert not again.is_grid and set(drawn(again)) == {"design_japan"}
    zipped = _replaced(sweep, sweep.cells.assign(**{THREAT: np.arange(12.0), RATE: -np.arange(12.0)}))
    assert not zipped.is_grid and in_step(zipped)
    assert "in step" in words(drawn(zipped)["outcomes"])


def _replaced(sweep, points):
    """The same sweep at other points."""
    join = lambda rows: rows.drop(columns=[THREAT, RATE]).merge(points, on="cell")  # noqa: E731
    settings = tuple(sweeps.Setting(s.key, s.label, True, points[s.key].nunique()) for s in sweep.settings)
    return sweeps.Sweep(join(sweep.summary), join(sweep.theory), settings, points, sweep.config)


def test_lists_of_one_number_are_numbers(tmp_path):
    axes = {THREAT: [0.0, 10.0], RATE: ["[0.05]", "[2.0]"]}
    folder = write_folder(tmp_path, axes)
    assert [(s.number, s.count) for s in read(folder).settings] == [(True, 2), (True, 2)]
    assert sorted(set(read(folder).summary[RATE])) == [0.05, 2.0]


def test_small_multiples_are_few_and_say_what_they_are(sweep_of):
    sweep = sweep_of({**TWO, WHO: ["linear", "boulware"]})
    found = facets(sweep, [s for s in sweep.settings if s.key in (RATE, WHO)])
    assert found.across == 2 and len(found.panels) == 6
    assert found.panels[1] == ("Rate, JPN: 0.05; Strategy, JPN: boulware", {RATE: 0.05, WHO: "boulware"})
    many = sweeps.Setting("x", "X", True, 40)
    wide = sweeps.Sweep(sweep.summary, sweep.theory, (many,), pd.DataFrame({"x": np.arange(40)}))
    assert len(facets(wide, [many]).panels) == sweeps.FACETS


def test_files_are_written_and_equal_sweeps_give_equal_bytes(tmp_path, monkeypatch):
    every = figures
    monkeypatch.setattr(sweeps, "figures", lambda sweep: [next(every(sweep))])
    axes = {THREAT: [0.0, 30.0], RATE: [0.1, 0.2]}
    one, two = (plot(write_folder(tmp_path / name, axes, worlds=4)) for name in "ab")
    assert [f.name for f in one] == ["outcomes_japan.png", "outcomes_japan.pdf"]
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in two]


def test_an_unfinished_sweep_is_named(tmp_path):
    folder = write_folder(tmp_path, ONE)
    (folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="not a finished sweep"):
        plot(folder)


def test_theory_drawn_over_a_map_is_one_that_answers_to_its_axes(sweep_of):
    sweep = sweep_of(TWO)
    assert responsive(sweep, "japan", (THREAT, RATE)) == "nash"
    flat = sweep.theory.assign(nash_demander_surplus_share=sweep.theory[THREAT])
    deaf = sweeps.Sweep(sweep.summary, flat, sweep.settings, sweep.cells)
    assert responsive(deaf, "japan", (THREAT, RATE)) == "subgame_perfect"


# What the figures say


def test_lines_are_the_means_and_bands_their_quantiles(sweep_of):
    sweep = sweep_of(ONE)
    axes = outcome_band_panels(sweep.summary, sweep.theory, along=Along(THREAT, "Threat (%)"), measures=OUTCOMES)
    for ax, column in zip(axes, ("deal_rate", "us_tariff_pct_mean", "demander_surplus_share_mean")):
        scale = 1.0 if "tariff" in column else 100.0
        wanted = scale * sweep.summary[column].to_numpy()
        colour = COUNTRY_COLOURS["JPN"]
        mean = next(line for line in ax.lines if to_hex(line.get_color()).upper() == colour)
        assert mean.get_xdata().tolist() == ONE[THREAT]
        assert mean.get_ydata() == pytest.approx(wanted)
    tall = [c.get_datalim(axes[1].transData).ymax for c in axes[1].collections if not isinstance(c, PathCollection)]
    assert max(tall) == pytest.approx(sweep.summary["us_tariff_pct_q95"].max())
    nash = axes[1].lines[-2].get_ydata()
    assert nash[1:].tolist() == [6.0] * 3 and np.isnan(nash[0])
    assert "No zone of agreement" in words(axes[0].get_figure())


def test_options_have_a_line_each(sweep_of):
    sweep = sweep_of(MIXED)
    along = Along(THREAT, "Threat (%)", WHO, "Strategy")
    ax = outcome_band_panels(sweep.summary, sweep.theory, along=along, measures=OUTCOMES)[0]
    for option, line in zip(MIXED[WHO], ax.lines):
        rows = sweep.summary[sweep.summary[WHO] == option].sort_values(THREAT)
        assert line.get_ydata() == pytest.approx(100 * rows["deal_rate"])
    assert "linear" in words(ax.get_figure()) and "boulware" in words(ax.get_figure())


def test_too_many_options_are_said_in_words(sweep_of):
    sweep = sweep_of({THREAT: [0.0, 1.0], WHO: list("abcdefg")})
    along = Along(THREAT, "Threat (%)", WHO, "Strategy")
    axes = outcome_band_panels(sweep.summary, sweep.theory, along=along, measures=OUTCOMES)
    assert "7 options of Strategy are too many" in words(axes[0].get_figure())
    assert set(drawn(sweep)) == {"outcomes_japan", "payoffs_japan"}


def test_squares_hold_the_cells_and_dots_the_theory(sweep_of):
    sweep = sweep_of(TWO)
    plane = Plane(THREAT, RATE, "Threat (%)", "Rate")
    deals, tariff, share, lever = phase_panels(
        sweep.summary, sweep.theory, talk="japan", plane=plane, measures=OUTCOMES
    )
    wanted = sweep.summary.pivot(index=RATE, columns=THREAT, values="deal_rate").to_numpy() * 100
    mesh = next(c for c in deals.collections if isinstance(c, QuadMesh))
    assert np.asarray(mesh.get_array()).reshape(wanted.shape) == pytest.approx(wanted)
    assert not any(isinstance(c, PathCollection) for c in deals.collections)
    dots = next(c for c in tariff.collections if isinstance(c, PathCollection))
    assert dots.get_array().tolist() == [6.0] * 11  # cell 0 has no zone and no prediction
    assert [p.get_hatch() for p in tariff.patches if p.get_hatch() == "xxx"] == ["xxx"]
    square = next(p for p in tariff.patches if p.get_hatch() == "xxx")
    assert square.get_x() < 0.0 < square.get_x() + square.get_width()
    shown = next(c for c in lever.collections if isinstance(c, QuadMesh)).get_array()
    assert np.ma.count_masked(shown) == 2
    told = words(deals.get_figure())
    assert "credible by itself" in told and "No threat" in told and "Nash for average types" in told
    assert share.get_yscale() == "log"


def test_squares_without_a_deal_are_hatched_not_coloured(sweep_of):
    sweep = sweep_of(TWO)
    none = sweep.summary["cell"] == 5
    summary = sweep.summary.assign(us_tariff_pct_mean=sweep.summary["us_tariff_pct_mean"].mask(none))
    plane = Plane(THREAT, RATE, "Threat (%)", "Rate")
    tariff = phase_panels(summary, sweep.theory, talk="japan", plane=plane, measures=OUTCOMES)[1]
    assert [p.get_hatch() for p in tariff.patches].count("////") == 1
    assert "No deal in any world" in words(tariff.get_figure())


def test_choices_are_dots_at_the_means(sweep_of):
    sweep = sweep_of({WHO: ["linear", "boulware"]}, ("japan", "eu"))
    ax = option_panels(sweep.summary, sweep.theory, key=WHO, measures=OUTCOMES)[0]
    dots = [c for c in ax.collections if isinstance(c, PathCollection) and c.get_facecolor().size]
    mine = next(c for c in dots if to_hex(c.get_facecolor()[0]).upper() == COUNTRY_COLOURS["EU27"])
    wanted = sweep.summary[sweep.summary["talk"] == "eu"]
    assert np.asarray(mine.get_offsets())[:, 0] == pytest.approx(100 * wanted["deal_rate"].to_numpy())
    assert [t.get_text() for t in ax.get_yticklabels()] == ["linear", "boulware"]


def test_a_cloud_has_a_point_a_cell(sweep_of):
    sweep = sweep_of(TWO)
    axes = design_panels(sweep.summary, talk="japan", keys=[(THREAT, "Threat"), (RATE, "Rate")], measures=[DEALS])
    cloud = next(c for c in axes[0].collections if isinstance(c, PathCollection))
    assert len(cloud.get_offsets()) == 12
    assert sliced_mean(np.zeros(5), np.ones(5))[0].size == 0


def test_edges_and_rulers():
    assert edges(np.array([1.0, 10.0, 100.0]), log=True) == pytest.approx(10.0 ** np.array([-0.5, 0.5, 1.5, 2.5]))
    assert ruler(pd.Series([3.0, 1.0, 1.0])).values == [1.0, 3.0]
    assert ruler(pd.Series(["b", "a", "b"])).values == ["b", "a"]
    rows = pd.DataFrame({"x": [1, 2], "y": [5, 6]})
    grid = on_grid(rows, Plane("x", "y", "", ""), np.array([1.0, 2.0]), (ruler(rows["x"]), ruler(rows["y"])))
    assert grid[0, 0] == 1.0 and grid[1, 1] == 2.0 and np.isnan(grid[0, 1])


def test_labels_say_what_whose_and_in_which_unit():
    config = {
        "countries": {"JPN": {"name": "Japan"}, "EU27": {"name": "European Union"}},
        "talks": {"japan": {"partner": "JPN"}, "eu": {"partner": "EU27"}},
    }
    assert label_of("talks.eu.stick.threat_pct", config=config) == "Threatened tariff, European Union (%)"
    rate = label_of("countries.JPN.types.discount_rate_per_year.values", config=config)
    assert rate == "Discount rate, Japan (per year)"
    assert label_of("protocol.rounds", "rounds") == "Rounds (rounds)"
    assert label_of("talks") == "Talks"
    item = label_of("countries.JPN.types.discount_rate_per_year.values.0", "per year", config)
    assert item == rate


def test_measures_are_those_the_talks_have(sweep_of):
    assert [m.column for m in measures(sweep_of(ONE))["outcomes"]] == [
        "deal_rate",
        "us_tariff_pct",
        "demander_surplus_share",
    ]
    rows = talks(cells(ONE))
    assert rows["deal"].any()


# Sensitivity

EFFECTS = pd.DataFrame(
    [
        {"measure": m, "label": m.upper(), "key": k, "setting": k, "range": f"{k}: 0 to 1", "at_low": 1.0 - swing,
         "at_high": 1.0 + 0.5 * swing, "least": 0.9 - swing, "most": 1.0 + swing, "base": 1.0, "base_low": 0.9,
         "base_high": 1.1, "configured": 0.5}
        for m in ("deals", "payoff")
        for k, swing in (("small", 0.2), ("large", 2.0))
    ]
)  # fmt: skip


def test_a_tornado_puts_the_largest_on_top_and_starts_at_the_configured_point():
    axes = tornado_panels(EFFECTS, title="t")
    assert [t.get_text() for t in axes[0].get_yticklabels()] == ["large: 0 to 1", "small: 0 to 1"]
    low = [p for p in axes[0].patches if p.get_width() < 0]
    assert sorted(p.get_width() for p in low) == pytest.approx([-2.0, -0.2])
    assert all(p.get_x() == 1.0 for p in low)


def test_lines_behind_a_tornado():
    rows = EFFECTS[["measure", "label", "key", "setting"]].merge(pd.DataFrame({"value": [0.0, 0.5, 1.0]}), how="cross")
    rows = rows.assign(mean=rows["value"] * 2, low=rows["value"], high=3.0)
    axes = along_panels(rows, EFFECTS, colour="#000000")
    assert len(axes) == 4
    assert axes[3].lines[0].get_ydata().tolist() == [0.0, 1.0, 2.0]
    assert "As configured" in words(axes[0].get_figure())


def test_sobol_bars_and_why_there_are_none():
    whole = {"first": 0.5, "first_low": 0.4, "first_high": 0.6, "total": 0.7, "total_low": 0.6, "total_high": 0.8}
    rows = [
        {
            "measure": m,
            "label": m,
            "key": k,
            "setting": k,
            "range": k,
            **{n: s * v for n, v in whole.items()},
            "note": w,
        }
        for m, s, w in (("a", 1.0, ""), ("b", np.nan, "no indices: flat"))
        for k, s in (("x", s), ("y", 0.5 * s))
    ]
    axes = sobol_panels(pd.DataFrame(rows))
    assert sorted(p.get_width() for p in axes[0].patches) == pytest.approx([0.25, 0.35, 0.5, 0.7])
    assert "no indices: flat" in words(axes[0].get_figure())
