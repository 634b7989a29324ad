"""The summary's numbers against sums over the rows of the talks table; runs without deals; the nearest concept."""

import re

import numpy as np
import pandas as pd
import pytest

from experiments.concepts import concepts
from experiments.run import play
from experiments.story import middle_round
from experiments.summary import summary
from tests.theory_worlds import lab, talk

APRIL = ("worlds=60",)
SIDES = ("demander", "partner")
PARTS = {
    "household welfare": "welfare",
    "tariff revenue": "revenue",
    "bilateral balance": "balance",
    "security payments": "security",
    "pledges": "pledge",
    "home political cost": "concession",
}


def told(*overrides):
    """A run's rows and its summary."""
    one = lab(*overrides)
    talks = play(one, silent=True).talks
    return talks.to_pandas(), summary(one, talks)


@pytest.fixture(scope="module")
def april():
    return told(*APRIL)


def tables(text):
    """Rows of cells by first cell, of all markdown tables of a text, in order."""
    lines = [[c.strip() for c in line.strip("| ").split("|")] for line in text.splitlines() if line.startswith("| ")]
    return {(k, cells[0]): cells[1:] for k, cells in enumerate(lines)}


def cells(text, first):
    return next(row for (_, name), row in tables(text).items() if name == first)


def section(text, name):
    return text.split(f"## {name}: ")[1].split("\n## ")[0]


def close(shown, value, digits):
    return abs(float(shown.split()[0]) - value) <= 0.5 * 10.0**-digits + 1e-9


def test_the_overview_is_means_over_rows(april):
    frame, text = april
    for name, own in frame.groupby("talk", observed=True):
        deals = own[own["deal"]]
        shown = cells(text.split("## ")[0], name)
        rounds = sorted(deals["round"])
        middle = next(r for r in rounds if sum(x <= r for x in rounds) >= len(rounds) / 2)
        assert close(shown[0], 100 * len(deals) / len(own), 0) and float(shown[1]) == middle
        for k, column in enumerate(("demander_utility", "partner_utility")):
            assert close(shown[2 + k], deals[column].sum() / len(deals), 1)
        for k, side in enumerate(SIDES):
            assert close(shown[4 + k], own[f"{side}_no_deal_expected"].sum() / len(own), 1)
        gain = [deals[f"{side}_utility"] - deals[f"{side}_no_deal_expected"] for side in SIDES]
        assert close(shown[6], (100 * gain[0] / (gain[0] + gain[1])).mean(), 0)
        assert close(shown[7], own["distance_nash"].dropna().mean(), 1)


@pytest.mark.parametrize("name", ["japan", "eu", "china"])
def test_a_story_is_means_over_the_agreed_worlds(april, name):
    frame, text = april
    own = section(text, name)
    deals = frame[(frame["talk"] == name) & frame["deal"]]
    share = 100 * len(deals) / (frame["talk"] == name).sum()
    assert own.count(f"{share:.0f} % of worlds agreed") == 1
    for words, part in PARTS.items():
        means = [deals[f"{side}_{part}"].mean() for side in SIDES]
        if max(deals[f"{side}_{part}"].abs().max() for side in SIDES) > 0.05:
            assert all(close(c, m, 1) for c, m in zip(cells(own, words), means))
        else:
            assert words not in own
    total = [deals[f"{side}_utility"].mean() for side in SIDES]
    over = [t - deals[f"{side}_no_deal_expected"].mean() for t, side in zip(total, SIDES)]
    assert all(close(c, m, 1) for c, m in zip(cells(own, "all, by own weights"), total))
    assert all(close(c, m, 1) for c, m in zip(cells(own, "more than no deal"), over))


@pytest.mark.parametrize("name", ["japan", "eu", "china"])
def test_agreed_levels_are_levels_of_the_grid_at_their_ranks(april, name):
    frame, text = april
    deals = frame[(frame["talk"] == name) & frame["deal"]]
    for issue in talk(name=name).table.grid.issues:
        ranked = sorted(deals[issue.column])
        shown = next(
            row for (_, head), row in tables(section(text, name)).items() if head.startswith(f"{issue.name} (")
        )
        quartile = [ranked[round(q * (len(ranked) - 1))] for q in (0.25, 0.5, 0.75)]
        low, high = re.match(r"([\d.]+) to ([\d.]+)", shown[2]).groups()
        near = {float(v) for v in (ranked[int(0.5 * (len(ranked) - 1))], ranked[-int(0.5 * (len(ranked) - 1)) - 1])}
        assert float(shown[1].split()[0]) in near | {quartile[1]}
        assert (float(low), float(high)) == (quartile[0], quartile[2])
        assert shown[3] == f"{min(issue.shown):g} to {max(issue.shown):g}"


@pytest.mark.parametrize("name", ["japan", "eu", "china"])
def test_the_nearest_concept_by_scan(april, name):
    frame, text = april
    deals = frame[(frame["talk"] == name) & frame["deal"]]
    mean = np.array([deals[f"{side}_utility"].mean() for side in SIDES])
    known = {c.label: np.linalg.norm(mean - c.payoffs) for c in concepts(talk(name=name)) if c.key != "no_deal"}
    label = min(known, key=known.get)
    assert f"Nearest concept to the average deal: {label}, {known[label]:.1f} bn USD a year away" in section(text, name)


def test_what_the_stick_costs_is_what_the_points_say(april):
    met, own = talk(), section(april[1], "japan")
    loss = met.impasse - met.stick
    assert f"it costs Japan {loss[1]:.1f} and United States {loss[0]:.1f} bn USD a year." in own
    assert f"For each dollar it costs United States, Japan loses {loss[1] / loss[0]:.1f}." in own
    assert "It falls with probability 60 %; Japan believes 60 %." in own


def test_a_stick_that_pays_is_said_to_pay():
    more = ("talks=us_japan", "talks.japan.stick.threat_pct=11", "talks.japan.stick.sector_share_pct=0", "worlds=5")
    loss = talk(*more).impasse - talk(*more).stick
    text = told(*more)[1]
    assert loss[0] < 0 < loss[1]
    assert f"it costs Japan {loss[1]:.1f} and brings United States {-loss[0]:.1f} bn USD a year." in text
    assert "credible by itself" in text and "not credible" not in text


@pytest.mark.parametrize(
    ("more", "zone"), [("talks.japan.stick.threat_pct=24", 100), ("stick@talks.japan.stick=no_stick", 0)]
)
def test_a_run_without_deals_reads_well(more, zone):
    firm = "countries.JPN.strategy.exponent=0.01"
    frame, text = told(
        "talks=us_japan", more, firm, "worlds=1", "protocol.rounds=1", "protocol.demander_proposes_pct=0"
    )
    assert not frame["deal"].any()
    assert f"No world reached a deal ({zone} % of them had a zone of agreement)." in text
    assert "1 world, 1 round, seed 2025." in text and "nan" not in text.lower() and "None" not in text
    shown = cells(text, "japan")
    assert shown[0] == "0 %" and [shown[k] for k in (1, 2, 3, 6, 7)] == ["–"] * 5
    assert ("No stick:" in text) == (zone == 0)


def test_half_of_the_deals_are_made_by_the_middle_round():
    assert middle_round(pd.DataFrame({"round": [12, 13]})) == pytest.approx(12)
    assert middle_round(pd.DataFrame({"round": [13, 14, None]})) == pytest.approx(13)
    assert middle_round(pd.DataFrame({"round": [3, 1, 9]})) == pytest.approx(3)
    assert np.isnan(middle_round(pd.DataFrame({"round": [None, None]})))


def test_a_hub_is_summed_up_as_one_world_economy():
    one = lab("experiment=three_tables", "worlds=20", "figures=false")
    played = play(one, silent=True)
    text = summary(one, played.talks, played.joint)
    joint = played.joint.to_pandas()
    for code, name in (("USA", "United States"), ("CHN", "China")):
        own = joint[joint["country"] == code]
        shown = cells(text.split("All talks together")[0], name)
        for at, column in enumerate(("joint_utility", "joint_payoff"), 1):
            assert close(shown[at], own[column].mean(), 1)
    assert "take the others at their interim" in text
    assert "All talks together" not in told("experiment=three_tables", "hub=none", "worlds=20")[1]
