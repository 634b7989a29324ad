"""Meetings of agents with theories: each passes, each notices agents that do something else, files and exit codes."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from agents.strategies.hardliner import Hardliner
from agents.strategies.obstinate import Obstinate
from experiments.cli import main
from experiments.meetings import command, equilibrium, obstinate, screener, settings, short_rounds, zeuthen
from experiments.meetings.met import Met
from sim.protocols.base import ENDINGS


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Fewer talks, worlds and steps: the same meetings in a second."""
    monkeypatch.setattr(equilibrium, "TALKS", 40)
    monkeypatch.setattr(zeuthen, "TALKS", 20)
    monkeypatch.setattr(obstinate, "WORLDS", 6_000)
    monkeypatch.setattr(screener, "WORLDS", 2_000)
    monkeypatch.setattr(short_rounds, "STEPS", 20_000)
    monkeypatch.setattr(short_rounds, "LENGTHS", (365.0, 73.0))


@pytest.mark.parametrize("meet", command.MEETINGS)
def test_agents_meet_their_theory_and_are_drawn_beside_it(meet):
    met = meet()
    assert met.passed and np.isfinite(met.away) and len(met.data) > 5
    axes = met.draw(met.data)
    assert all(ax.get_xlabel() or ax.get_xticklabels() for ax in axes) and axes[0].get_figure().get_suptitle()


def soft(*_):
    return Hardliner(demand_pct=30.0)


@pytest.mark.parametrize("module, name, meet", [
    (equilibrium, "Rational", equilibrium.rational_sides),
    (short_rounds, "Rational", short_rounds.ever_shorter_rounds),
    (zeuthen, "Zeuthen", zeuthen.conceding_sides),
    (screener, "Screener", screener.screening_side),
])  # fmt: skip
def test_agents_that_do_something_else_do_not_pass(module, name, meet, monkeypatch):
    monkeypatch.setattr(module, name, soft)
    if module is zeuthen:
        monkeypatch.setattr(module, "MonotonicConcession", partial(module.MonotonicConcession, standstill_ends=False))
    assert not meet().passed


def test_sides_more_obstinate_than_the_law_reckons_with_do_not_pass(monkeypatch):
    stubborn = lambda **more: Obstinate(**{**more, "obstinate_pct": 13.0})  # noqa: E731
    monkeypatch.setattr(obstinate, "Obstinate", stubborn)
    assert not obstinate.obstinate_sides().passed


def test_the_equilibrium_due_is_worked_out_apart_from_the_seats():
    """Every ending occurs; deals at once pay what the package's own numbers say, to both sides."""
    data = equilibrium.rational_sides().data
    assert set(data["ended_theory"]) == set(ENDINGS)
    checked = 0
    for row in data[(data["ended_theory"] == "deal") & (data["round_theory"] == 0)].itertuples():
        worth = np.stack([part.sum(axis=-1) for part in equilibrium.drawn(row.talk)[0].packages], axis=-1)
        gaps = np.abs(worth - [row.demander_theory, row.partner_theory]).max(axis=-1)
        checked += int(gaps.min() < 1e-9)
    assert checked == len(data[(data["ended_theory"] == "deal") & (data["round_theory"] == 0)]) > 20


def test_the_limit_of_short_rounds_is_patience_alone():
    """Rates .5 and 1: the patient side's share is r2 / (r1 + r2) (Binmore, Rubinstein & Wolinsky 1986)."""
    data = short_rounds.ever_shorter_rounds().data
    assert data["limit"].to_numpy() == pytest.approx(2 / 3)
    away = (data["share_agents"] - 2 / 3).abs().groupby(data["days_per_round"]).max()
    assert away[73.0] < away[365.0] / 3
    year = data[data["days_per_round"] > 364].set_index("first")["share_agents"]
    d0, d1 = np.exp(-0.5), np.exp(-1.0)
    assert year["demander"] == pytest.approx((1 - d1) / (1 - d0 * d1), abs=1e-3)


def test_the_package_conceded_to_has_the_largest_product_by_trying_all():
    data = zeuthen.conceding_sides().data
    for row in data[data["what"] == "outcome"].itertuples():
        worth = zeuthen.table(row.talk)
        assert row.demander * row.partner == pytest.approx(max(a * b for a, b in worth if a >= 0 and b >= 0))
    offers = data[data["what"].str.startswith("offer")]
    assert set(offers["talk"]) == {zeuthen.SHOWN} and len(offers) > 6


def test_the_war_is_the_one_of_the_books():
    """Demands .7, .6, rates .5, 1, priors .1: deadlock z1 z2; at once the slower side, with the chance of the print."""
    data = obstinate.obstinate_sides().data.set_index("round")
    assert data.loc[obstinate.NEVER, "law"] == pytest.approx(0.01)
    assert data.loc[1, "law_at_once"] == pytest.approx(0.535841, abs=1e-6)
    assert data["law"].sum() == pytest.approx(1.0) and data["share"].sum() == pytest.approx(1.0)


def test_the_screener_asks_for_half_of_what_is_between_the_costs():
    """Fearon (1995): share + (bound - own) / 2, refused with chance (bound - own) / (2 bound)."""
    data = screener.screening_side().data
    due = screener.SHARE + (screener.BOUND - data["own_cost"]) / 2
    assert data["demand_agents"].to_numpy() == pytest.approx(due.to_numpy())
    risk = (screener.BOUND - data["own_cost"]) / (2 * screener.BOUND)
    assert (data["no_deal_agents"] - risk).abs().max() < 0.05
    assert ((data["no_deal_types"] - data["no_deal_uniform"]).abs() <= 1 / screener.TYPES + 1e-12).all()


def test_tables_drawn_at_random_are_the_same_everywhere():
    assert settings.numbers("meeting", 3, 5).tolist() == settings.numbers("meeting", 3, 9)[:5].tolist()
    assert settings.numbers("meeting", 3, 5).tolist() != settings.numbers("meeting", 4, 5).tolist()


def test_the_command_leaves_data_and_figures(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "MEETINGS", (obstinate.obstinate_sides, zeuthen.conceding_sides))
    assert main(["meetings", "--out", str(tmp_path / "met")]) == 0
    said = capsys.readouterr().out
    names = {f"{name}.{end}" for name in ("obstinate", "zeuthen") for end in ("csv", "png", "pdf")}
    assert {p.name for p in (tmp_path / "met").iterdir()} == names | {"meetings.md"}
    assert said.count("| yes |") == 2 and "Abreu & Gul 2000" in said
    frame = pd.read_csv(tmp_path / "met" / "obstinate.csv")
    assert frame["share"].sum() == pytest.approx(1.0)


def test_a_theory_that_is_not_met_is_exit_code_1(tmp_path, capsys, monkeypatch):
    def failing() -> Met:
        found = zeuthen.conceding_sides()
        return Met(**{**vars(found), "away": 1.0})

    monkeypatch.setattr(command, "MEETINGS", (failing,))
    assert main(["meetings", "--out", str(tmp_path / "met")]) == 1
    assert "|  NO |" in capsys.readouterr().out


def test_it_takes_no_settings(capsys):
    assert main(["meetings", "worlds=5"]) == 2
    assert "takes no 'worlds=5'" in capsys.readouterr().err
