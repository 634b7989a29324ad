"""The page Sweep: its cells are those of a run, drawn where they belong; partial results stay; limits hold."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

pytest.importorskip("streamlit")

from experiments import cli
from experiments.app import sweeping
from experiments.app.engine import lab_of, played_talk
from experiments.app.settings import Settings
from experiments.app.setup import Choice, setup
from experiments.app.sweep_chart import Drawn, label, phase_chart
from experiments.app.sweeping import DEALS, MOST_CELLS, SHARE, Axis, Plan, command, go_on, sweep, sweepable
from experiments.messages import UserError
from sim.protocols.base import DEAL
from sim.ranking import from_micro
from tests.app_pages import opened

JAPAN = Choice("april_2025", "japan")
NAMES = ("United States", "Japan")
WORLDS = 40
SMALL = Plan(JAPAN, Axis("threat_pct", (0.0, 24.0, 60.0)), Axis("belief_pct", (0.0, 60.0)), WORLDS)
RATE = 1e-6


def sweep_page():
    """What the page's script runs."""
    from experiments.app import sweep_page

    sweep_page.page()


def one(value) -> str:
    """Return a link's parameter."""
    return value[0] if isinstance(value, list) else value


def whole(plan: Plan):
    """Return a sweep brought to its end."""
    own = sweep(plan)
    while not own.over:
        go_on(own)
    return own


@pytest.mark.parametrize("plan", [
    SMALL,
    replace(SMALL, y=Axis("partner_rate", (0.0, 100.0))),
    replace(SMALL, y=Axis("rounds", (1.0, 20.0))),
    replace(SMALL, x=Axis("security_busd", (0.0, 6.5, 13.0)), choice=Choice("april_2025", "japan", Settings(
        demander="hardliner", resolve_pct=90.0))),
    Plan(Choice("three_tables", "eu"), Axis("threat_pct", (0.0, 30.0)), Axis("belief_pct", (50.0, 51.0)), 10),
    Plan(Choice("classroom", "pie"), Axis("demander_rate", (0.0, 50.0)), Axis("rounds", (2.0, 9.0)), WORLDS),
])  # fmt: skip
def test_a_cell_is_what_the_page_explore_plays(plan):
    """Two roads: cells side by side in one model, and each cell as a screen of its own."""
    own = whole(plan)
    assert not own.errors
    for cell in range(plan.cells):
        place = divmod(cell, len(plan.x.values))
        choice = plan.at(cell)
        assert getattr(choice.settings, plan.x.key) == plan.x.values[place[1]]
        talk = played_talk(lab_of(setup(choice)), choice.talk, 0, own.worlds)
        agreed = talk.ending == DEAL
        assert own.means[DEALS][place] == pytest.approx(agreed.mean())
        for k, issue in enumerate(talk.agenda.grid.issues):
            levels = issue.shown[talk.agenda.grid.index[talk.row[agreed], k]]
            wanted = levels.mean() if agreed.any() else np.nan
            assert own.means[issue.column][place] == pytest.approx(wanted, nan_ok=True)
        assert own.means["partner_payoff"][place] == pytest.approx(talk.discounted(1).mean(), abs=RATE)
        gain = np.stack([talk.final(s) - from_micro(talk.seats[s].no_deal) for s in (0, 1)])[:, agreed]
        gain = gain[:, gain.sum(axis=0) > 1e-4]
        share = (gain[0] / gain.sum(axis=0)).mean() if gain.size else np.nan
        assert own.means[SHARE][place] == pytest.approx(share, abs=1e-6, nan_ok=True)


def test_nash_is_the_point_of_the_page_explore():
    from experiments.app.engine import explore

    own = whole(SMALL)
    for cell in range(SMALL.cells):
        place, screen = divmod(cell, 3), explore(SMALL.at(cell))
        assert own.zone[place] == float(screen.zone)
        point = screen.point("nash")
        for name in own.nash:
            if point is None:
                assert np.isnan(own.nash[name][place])
        if point is not None:
            grid = screen.meeting.table.grid
            assert own.nash["us_tariff_pct"][place] == grid.issues[0].shown[grid.index[point.row, 0]]
            gain = np.array(point.payoffs) - np.array(screen.point("no_deal").payoffs)
            assert own.nash[SHARE][place] == pytest.approx(gain[0] / gain.sum())


def test_slices_do_not_change_a_number(monkeypatch):
    before = whole(SMALL)
    monkeypatch.setattr(sweeping, "SLICE", 1)
    monkeypatch.setattr(sweeping, "_sweeps", sweeping.Kept(3))
    own, steps = sweep(SMALL), []
    while not own.over:
        go_on(own)
        steps.append(own.done)
        assert np.isfinite(own.means[DEALS]).sum() == own.done
    assert steps == list(range(1, SMALL.cells + 1))
    for name, values in before.means.items():
        assert np.array_equal(values, own.means[name], equal_nan=True)


def test_limits_hold():
    many = tuple(float(k) for k in range(21))
    with pytest.raises(UserError, match=f"at most {MOST_CELLS}"):
        sweep(replace(SMALL, x=Axis("threat_pct", many), y=Axis("belief_pct", many)))
    with pytest.raises(UserError, match="both axes"):
        sweep(replace(SMALL, y=SMALL.x))
    own = sweep(Plan(JAPAN, Axis("threat_pct", many[:20]), Axis("rounds", tuple(k + 33.0 for k in many[:20])), 10**6))
    assert own.worlds <= 200 and own.worlds * 400 * 52 <= sweeping.TURNS


def test_only_sliders_that_move_something_are_swept():
    found = sweepable(JAPAN, NAMES)
    assert "answer_factor_pct" not in found and "answer_pct" not in found
    assert "answer_factor_pct" in sweepable(replace(JAPAN, settings=Settings(answer="proportional")), NAMES)
    assert "answer_pct" in sweepable(Choice("april_2025", "china"), ("United States", "China"))
    assert sweeping.first_axes(sweepable(Choice("classroom", "pie"), ("A", "B"))) == ("demander_rate", "partner_rate")


def test_a_cell_that_cannot_be_played_is_told_and_others_are(monkeypatch):
    monkeypatch.setattr(sweeping, "_sweeps", sweeping.Kept(3))
    real = sweeping.setup

    def odd(choice):
        if choice.settings.threat_pct == pytest.approx(24.0):
            raise UserError("the threat is odd")
        return real(choice)

    monkeypatch.setattr(sweeping, "setup", odd)
    own = whole(SMALL)
    assert own.errors == {1: "the threat is odd", 4: "the threat is odd"}
    assert np.isnan(own.means[DEALS][:, 1]).all() and np.isfinite(own.means[DEALS][:, ::2]).all()


@pytest.mark.parametrize("plan", [
    SMALL,
    Plan(Choice("april_2025", "japan", Settings(partner="conceder", resolve_pct=80.0)),
         Axis("security_busd", (0.0, 13.0)), Axis("demander_rate", (0.0, 100.0)), WORLDS),
])  # fmt: skip
def test_the_command_gives_the_same_table(plan, tmp_path, monkeypatch):
    own = whole(plan)
    line, text = command(plan, own.worlds)
    monkeypatch.chdir(tmp_path)
    if text:
        folder = tmp_path / "mine" / "experiment"
        folder.mkdir(parents=True)
        (folder / "screen.yaml").write_text(text, encoding="utf-8")
    words = shlex.split(line.replace("\\\n", " "))
    assert words[:3] == ["bargain", "run", "-m"]
    assert cli.main([*words[1:], "figures=false", "--out", "swept"]) == 0
    rows = pq.read_table(tmp_path / "swept" / "summary.parquet").to_pandas()
    rows = rows[rows["talk"] == plan.choice.talk]
    assert len(rows) == plan.cells
    rates = own.means[DEALS].T.reshape(-1)  # the command's first key runs slowest, the page's fastest
    assert rows["deal_rate"].to_numpy() == pytest.approx(rates)
    tariffs = own.means["us_tariff_pct"].T.reshape(-1)
    assert rows["us_tariff_pct_mean"].to_numpy() == pytest.approx(tariffs, nan_ok=True)


@pytest.mark.parametrize("measure", [DEALS, "us_tariff_pct", SHARE, "partner_payoff"])
def test_the_diagram_holds_what_was_played_where_it_belongs(measure):
    own = whole(SMALL)
    drawn = Drawn(measure, label(measure, NAMES), "Threat", "Belief", (24.0, 60.0), (SMALL.x.values, SMALL.y.values))
    spec = phase_chart(own, drawn, 400, False)
    cells = spec["datasets"]["cells"].to_pandas()
    scale = 100.0 if measure in (DEALS, SHARE) else 1.0
    for _, cell in cells.iterrows():
        assert cell["x"] <= cell["atx"] <= cell["x2"] and cell["y"] <= cell["aty"] <= cell["y2"]
        place = SMALL.y.values.index(cell["aty"]), SMALL.x.values.index(cell["atx"])
        assert cell["value"] == pytest.approx(scale * own.means[measure][place], nan_ok=True)
    assert len(cells) == 6 and json.dumps({k: v for k, v in spec.items() if k != "datasets"})
    crosses, dots = (spec["datasets"][name].to_pandas() for name in ("crosses", "dots"))
    found = {(SMALL.x.values[x], SMALL.y.values[y]) for y, x in zip(*np.nonzero(own.zone == 0))}
    assert set(zip(crosses["x"], crosses["y"])) == found
    for _, dot in dots.iterrows():
        place = SMALL.y.values.index(dot["y"]), SMALL.x.values.index(dot["x"])
        assert dot["nash"] == pytest.approx(scale * own.nash[measure][place])
    assert len(dots) == (np.isfinite(own.nash[measure]).sum() if measure in own.nash else 0)


def test_a_sweep_that_was_stopped_is_drawn_as_far_as_it_is():
    own = sweeping.Swept(SMALL, WORLDS, zone=np.full((2, 3), np.nan))
    drawn = Drawn(DEALS, "Deals", "x", "y", None, (SMALL.x.values, SMALL.y.values))
    assert len(phase_chart(own, drawn, 400, True)["datasets"]["cells"]) == 0
    own.done, own.means = 2, {DEALS: np.array([[0.5, np.nan, np.nan], [np.nan] * 3])}
    cells = phase_chart(own, drawn, 400, True)["datasets"]["cells"].to_pandas()
    assert cells["said"].tolist() == ["50.0", "nobody agrees"]


def test_the_page_sweeps_when_opened_and_its_link_opens_it_again():
    at = opened(sweep_page, x="threat_pct:0:60:3", y="belief_pct:0:60:2", worlds="50", show="us_tariff_pct")
    assert not at.exception and not at.error and not at.warning
    assert any("6 cells, 300 talks" in c.value for c in at.caption)
    assert [b.disabled for b in at.button if b.label == "Sweep"] == [True]
    assert one(at.query_params["x"]) == "threat_pct:0:60:3" and one(at.query_params["show"]) == "us_tariff_pct"
    at.toggle[-1].set_value(True).run()
    assert "bargain run -m experiment=april_2025" in at.code[0].value
    at.number_input[0].set_value(4).run()
    assert [b.disabled for b in at.button if b.label == "Sweep"] == [False]
    next(b for b in at.button if b.label == "Sweep").click().run()
    assert not at.exception and [b.disabled for b in at.button if b.label == "Sweep"] == [True]


def test_a_sweep_can_be_stopped_and_gone_on_with(monkeypatch):
    monkeypatch.setattr(sweeping, "_sweeps", sweeping.Kept(3))
    at = opened(sweep_page, x="threat_pct:0:100:3", y="belief_pct:0:100:3", worlds="25")
    plan = at.session_state["sweep asked"]
    own = sweep(plan)
    own.done, own.stable = 4, sweeping.Stable()  # as if it had been interrupted there
    at.session_state["sweep runs"] = False
    at.run()
    assert any("4 of 9 cells" in c.value for c in at.caption)
    next(b for b in at.button if b.label == "Go on").click().run()
    assert own.over and not at.exception


def test_what_a_link_says_wrongly_is_left_out():
    at = opened(sweep_page, x="nonsense:0:1:3", y="belief_pct:90:10:500", worlds="1000000", show="<b>")
    assert not at.exception and one(at.query_params["x"]).startswith("threat_pct:0:100:")
    assert one(at.query_params["worlds"]) == "100" and one(at.query_params["show"]) == "deal"
