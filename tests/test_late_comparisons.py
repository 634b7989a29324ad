"""What the stick buys, outside options as bounds, the war of a run, and where a failed assembly is told."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.build import build
from experiments.buys import bought
from experiments.compose import load
from experiments.concepts import concepts
from experiments.made import made
from experiments.markdown import number
from experiments.meeting import meetings
from experiments.messages import UserError
from experiments.war import duels, tariff_war, war_table
from sim.landmarks import landmarks

JAPAN = ("talks=us_japan", "worlds=40")


def lab(*more):
    return build(load([*JAPAN, *more]).config)


def test_what_the_stick_buys_equals_runs_of_their_own():
    rows = {row[0]: row[1:] for row in bought(lab())["japan"]}
    none = lab("stick@talks.japan.stick=no_stick").play(0, 40).talks[0]
    interim = lab("talks.japan.stick.resolve_pct=0", "talks.japan.stick.belief_pct=0").play(0, 40).talks[0]
    for label, talk in (("no stick at all", none), ("the interim, no threat", interim)):
        payoffs = [number(float(talk.discounted(side).mean()), 1, sign=True) for side in (0, 1)]
        assert rows[label] == [f"{100 * (talk.ending == 0).mean():.0f} %", *payoffs]


def test_no_solution_leaves_a_side_below_its_outside_option():
    bound = lab("talks.japan.stick.outside_option_partner_busd=-7.0")
    (met,) = meetings(bound)
    free = {c.key: c.payoffs[1] for c in concepts(meetings(lab())[0])}
    held = {c.key: c.payoffs[1] for c in concepts(met)}
    for key in ("nash", "kalai_smorodinsky", "egalitarian", "nash_lottery"):
        assert free[key] < -7.0 <= held[key] + 1e-9
    marks = landmarks(bound.play(0, 40).talks[0])
    assert (marks.nash[marks.nash_row >= 0, 1] >= -7.0 - 1e-9).all() and (marks.nash_row >= 0).any()


def test_the_option_is_taken_rather_than_a_worse_deadline():
    talk = lab("talks.japan.stick.outside_option_partner_busd=-3.0").play(0, 40).talks[0]
    assert (talk.ending == 3).mean() > 0.3  # where the US speaks last; else the deadline comes
    assert not ((talk.ending == 1) & (talk.history.speaker[:, -1] == 0)).any()


def test_the_war_of_a_run_is_certified_and_named_rates_alone_move():
    economy = lab().economy
    war = tariff_war(economy)
    rest = economy.index("ROW")
    assert war.nash.certified and war.nash.gain.max() < 1e-4
    assert (war.nash.tariffs[:, rest, :] == economy.tariffs[:, rest, :]).all()
    assert (war.nash.tariffs[:, :, rest] == economy.tariffs[:, :, rest]).all()
    table = war_table(war)
    assert (table["deal_ev_busd"] > table["war_ev_busd"]).all() and table["patience_free_trade"].between(0, 1).all()
    pair = duels(economy, [("USA", "JPN")])
    crossing = pair[pair["kind"] == "nash"].set_index("importer")
    curve = pair[(pair["kind"] == "curve") & (pair["importer"] == "USA")]
    near = np.interp(crossing.loc["USA", "partner_tariff_pct"], curve["partner_tariff_pct"], curve["best_tariff_pct"])
    assert crossing.loc["USA", "best_tariff_pct"] == pytest.approx(near, abs=0.1)


def test_what_fails_in_assembly_is_told_with_its_setting():
    with pytest.raises(UserError, match=r"command line: economy\.scale_elasticity"):
        made(load([*JAPAN, "economy.scale_elasticity=0.9"]))
