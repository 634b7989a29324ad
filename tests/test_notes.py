"""Slips that are told but not refused, and the mechanisms that a summary must name when they were in play."""

import pytest

from experiments.build import build
from experiments.compose import load
from experiments.notes import small_percents
from experiments.run import play
from experiments.summary import summary


@pytest.mark.parametrize("word, told", [
    ("talks.japan.stick.threat_pct=0.24", ["note: talks.japan.stick.threat_pct=0.24 is 0.24 %; for 24 % write 24"]),
    ("talks.japan.stick.threat_pct=24", []),
    ("talks.japan.stick.threat_pct=0", []),
    ("economy.trade_elasticity=0.5", []),
])  # fmt: skip
def test_a_share_where_percent_is_meant_is_told(word, told):
    assert small_percents(load(("talks=us_japan", word))) == told


def told_of(*words):
    lab = build(load(("economy=five", "worlds=60", "figures=false", *words)).config)
    played = play(lab, silent=True)
    return summary(lab, played.talks, played.joint), played.talks.to_pandas()


def test_a_summary_says_what_was_refused_at_home_and_when_the_deadline_moved():
    text, frame = told_of("experiment=ratification_japan")
    often = 100 * (frame["partner_refused_at_home"] > 0).mean()
    assert f"Japan refused a signed package at home in {often:.0f} % of worlds" in text and 0 < often < 100
    text, frame = told_of("talks=us_japan", "protocol.extension_chance_pct=50", "protocol.rounds=3")
    past = 100 * ((frame["rounds_talked"] > 3) | (frame["round"] > 3)).mean()
    assert "3 rounds, up to 6 if the deadline is put off" in text and 0 < past < 100
    assert f"In {past:.0f} % of worlds talks went on past round 3." in text
    text, _ = told_of("talks=us_japan", "protocol.rounds=3")
    assert "put off" not in text and "at home" not in text and "went on past" not in text
