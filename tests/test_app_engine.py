"""The page's engine: its worlds are the run's, its points the equilibrium command's; sliders move what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.app import words
from experiments.app.base import base
from experiments.app.chart import payoff_chart
from experiments.app.engine import dots, explore, lab_of
from experiments.app.settings import SIDES, Settings, knobs, mean_rate
from experiments.app.setup import Choice, setup, strategies, uploaded
from experiments.app.watching import watch
from experiments.build import build
from experiments.compose import load
from experiments.concepts import concepts
from experiments.meeting import meetings
from experiments.messages import UserError
from sim.protocols.base import DEAL
from sim.story import follow

JAPAN = Choice("april_2025", "japan")
RATE = 1e-6  # bn USD a year: utilities come in such steps


@pytest.fixture(scope="module")
def whole():
    """The lab of a whole default run, all talks in it."""
    return build(load().config)


@pytest.mark.parametrize("talk", ["japan", "eu", "china"])
def test_one_talk_alone_is_the_talk_of_the_run(whole, talk):
    """Two roads: the page plays one talk, the others at their interim; a run plays all."""
    screen = explore(Choice("april_2025", talk))
    played = next(t for t in whole.play(0, screen.played.worlds).talks if t.name == talk)
    rows, counts = np.unique(played.row[played.ending == DEAL], return_counts=True)
    assert screen.played.rows.tolist() == rows.tolist()
    assert screen.played.counts.tolist() == counts.tolist()
    for side in (0, 1):
        assert screen.played.mean[side] == pytest.approx(played.final(side).mean(), abs=RATE)
    assert screen.played.deals + sum(screen.played.failed) + screen.played.left == screen.played.worlds


@pytest.mark.parametrize("talk", ["japan", "eu", "china"])
def test_points_are_those_of_the_equilibrium_command(whole, talk):
    screen = explore(Choice("april_2025", talk))
    known = {c.key: c for met in meetings(whole) if met.name == talk for c in concepts(met)}
    shared = [p for p in screen.points if p.key in known]
    assert len(shared) == 7
    for point in shared:
        assert point.payoffs == pytest.approx(known[point.key].payoffs, abs=RATE)
        assert point.row == known[point.key].row


CHANGES = {  # slider: the keys it moves, and to what
    "threat_pct": (35.0, {"talks.japan.stick.threat_pct": 35.0}),
    "answer": ("mirror", {"talks.japan.stick.answer": "mirror"}),
    "answer_factor_pct": (50.0, {"talks.japan.stick.answer_factor": 0.5}),
    "resolve_pct": (10.0, {"talks.japan.stick.resolve_pct": 10.0}),
    "belief_pct": (90.0, {"talks.japan.stick.belief_pct": 90.0}),
    "security_busd": (13.0, {"talks.japan.issues.security.levels_busd": [0.0, 2.6, 5.2, 7.8, 10.4, 13.0]}),
    "rounds": (20.0, {"protocol.rounds": 20}),
    "demander_rate": (105.0, {"countries.USA.types.discount_rate_per_year.values": [0.1, 2.0]}),
    "partner_rate": (0.0, {"countries.JPN.types.discount_rate_per_year.values": [0.0, 0.0]}),
    "partner": ("hardliner", {"countries.JPN.strategy._target_": "agents.strategies.hardliner.Hardliner"}),
    "information": ("complete", {"information": "complete"}),
}


@pytest.mark.parametrize("key", CHANGES)
def test_a_slider_moves_what_it_says_and_nothing_else(key):
    value, expected = CHANGES[key]
    before, after = flat(setup(JAPAN).data), flat(setup(replace(JAPAN, settings=Settings(**{key: value}))).data)
    moved = {k: v for k, v in after.items() if before.get(k) != v}
    inside = "countries.JPN.strategy."
    assert {k: v for k, v in moved.items() if k in expected or not k.startswith(inside)} == expected


def flat(node, path=""):
    """Return the leaves of nested mappings by dotted key."""
    if not isinstance(node, dict):
        return {path: node}
    return {k: v for name, value in node.items() for k, v in flat(value, f"{path}.{name}".strip(".")).items()}


def test_sliders_start_at_the_experiment_and_within_their_limits():
    for name, talk in (("april_2025", "japan"), ("april_2025", "china"), ("classroom", "pie")):
        for knob in knobs(base(name).data, talk, ("one", "two")).values():
            assert knob.low <= knob.default <= knob.high
    assert mean_rate(base("april_2025").data["countries"]["JPN"]) == pytest.approx(27.5)
    assert "threat_pct" not in knobs(base("classroom").data, "pie", ("A", "B"))


def test_a_threat_more_believed_weakens_who_fears_it():
    """Theorem: the partner's no deal is belief x stick + the rest x interim, and the stick is the worse for it."""
    floors = [
        explore(replace(JAPAN, settings=Settings(belief_pct=b))).point("no_deal").payoffs for b in (0.0, 50.0, 100.0)
    ]
    screen = explore(JAPAN)
    assert [f[1] for f in floors] == sorted((f[1] for f in floors), reverse=True)
    assert floors[0][1] == pytest.approx(screen.point("impasse").payoffs[1], abs=RATE)
    assert floors[2][1] == pytest.approx(screen.point("stick").payoffs[1], abs=RATE)
    assert len({f[0] for f in floors}) == 1  # the demander knows its own resolve


def test_information_is_given_to_strategies_that_need_it_and_that_is_told():
    own = setup(replace(JAPAN, settings=Settings(demander="rational")))
    assert own.config.information == "complete" and "United States" in own.notes[0]
    assert own.changed["information"] == "complete"
    assert "zeuthen" not in strategies(base("april_2025").data)
    with pytest.raises(UserError, match="made for the protocol"):
        setup(replace(JAPAN, settings=Settings(demander="zeuthen")))


def test_equal_choices_are_worked_out_once():
    assert explore(JAPAN) is explore(Choice("april_2025", "japan", Settings()))


def test_dots_lose_no_package_by_more_than_can_be_seen():
    screen = explore(JAPAN)
    shown = dots(screen.meeting.u)
    away = np.abs(shown[:, None] - screen.meeting.u[None]).max(axis=-1).min(axis=0)
    assert away.max() <= 0.025 + 1e-9 and len(shown) <= len(screen.meeting.u)


def test_the_chart_holds_its_data_and_asks_no_server():
    for near in (False, True):
        spec = payoff_chart(explore(JAPAN), near)
        data = spec.pop("datasets")
        assert "http" not in str({k: v for k, v in spec.items() if k != "$schema"})
        assert data["points"].num_rows == 9
    assert data["packages"].num_rows < payoff_chart(explore(JAPAN))["datasets"]["packages"].num_rows


def test_every_point_is_explained_in_a_sentence():
    for choice in (JAPAN, Choice("classroom", "pie"), Choice("escalation_china", "china")):
        screen = explore(choice)
        told = words.explained(screen)
        assert {"nash", "kalai_smorodinsky", "egalitarian", "utilitarian", "subgame_perfect", "no_deal"} <= {
            point.key for point, _ in told
        }
        assert all(text.endswith(".") for _, text in told)


def test_without_a_zone_of_agreement_the_page_says_so():
    text = "talks: {japan: {stick: {outside_option_partner_busd: 500.0}}}"
    screen = explore(Choice("april_2025", "japan", upload=text))
    assert not screen.zone and "No package is as good as no deal" in words.points_list(screen)
    assert payoff_chart(screen)["datasets"]["points"].num_rows > 0


def test_names_from_a_file_are_shown_not_run():
    text = "countries: {JPN: {name: '<script>alert(1)</script>'}}"
    screen = explore(Choice("april_2025", "japan", upload=text))
    assert "<script" not in words.points_list(screen)
    assert uploaded("april_2025", text)["countries"]["JPN"]["name"].startswith("<script")


@pytest.mark.parametrize("own", [Settings(), Settings(demander="bayesian"), Settings(partner="trembling")])
def test_watching_a_world_does_not_change_it(own):
    """The recorder asks strategies once more about what they believe; offers must be those of the world unwatched."""
    choice = replace(JAPAN, settings=own)
    plain = follow(lab_of(setup(choice)).play(7, 1).talks[0], 0)
    seen = watch(choice, 7)
    assert seen.story.row.tolist() == plain.row.tolist()
    assert seen.story.speaker.tolist() == plain.speaker.tolist()
    assert seen.story.payoff.tolist() == plain.payoff.tolist()


def test_a_side_that_concedes_over_time_offers_no_less_than_it_insists_on():
    seen = watch(JAPAN, 3)
    for turn in range(len(seen.story)):
        side = int(seen.story.speaker[turn])
        assert seen.story.worth[turn, side] >= seen.target[turn, side] - RATE
    for side in range(len(SIDES)):
        asked = seen.target[np.isfinite(seen.target[:, side]), side]
        assert (np.diff(asked) <= RATE).all()


def test_beliefs_are_probabilities_over_the_others_types():
    seen = watch(replace(JAPAN, settings=Settings(demander="bayesian")), 3)
    belief = seen.belief[0]
    assert belief.shape == (len(seen.story), len(seen.kinds[1]))
    assert belief.sum(axis=1) == pytest.approx(np.ones(len(belief)))
    assert len(set(seen.kinds[1])) == 4
