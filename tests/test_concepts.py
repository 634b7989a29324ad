"""The table of concepts against scans over all packages, plain recursions and averages written out."""

import numpy as np
import pytest

from experiments.concepts import Concept, concepts, frame, nearest, surplus_share
from experiments.meeting import meeting
from sim.payoffs import COMPONENTS
from tests.theory_worlds import backwards, best, lab, nash_lottery, nash_row, talk, zone

TALKS = ("japan", "eu", "china")
STEP = 1e-6  # utilities are held in steps of this, bn USD a year


def found(met):
    return {c.key: c for c in concepts(met)}


@pytest.mark.parametrize("name", TALKS)
def test_a_meeting_is_the_average_over_types_written_out(name):
    met = talk(name=name)
    stakes = met.table.stakes
    for side in (0, 1):
        kinds, stick = met.table.types[side], stakes.agenda.stick
        packages, interim, carried, rate = np.zeros(len(met.u)), 0.0, 0.0, 0.0
        for k, probability in enumerate(kinds.probability):
            weights = dict(zip(COMPONENTS, kinds.weights[k]))
            for p in range(len(met.u)):
                worth = sum(weights[c] * stakes.packages[side][p, i] for i, c in enumerate(COMPONENTS))
                past = stakes.opening[side][p] > kinds.red_line[k] + 1e-9
                packages[p] += probability * (worth - weights["concession"] * kinds.audience_cost * past)
            interim += probability * float(kinds.weights[k] @ stakes.interim[side])
            carried += probability * float(kinds.weights[k] @ stakes.carried[side])
            rate += probability * kinds.discount_rate[k]
        assert np.abs(packages - met.u[:, side]).max() <= STEP
        assert met.impasse[side] == pytest.approx(interim, abs=STEP)
        assert met.stick[side] == pytest.approx(carried, abs=STEP)
        assert met.rates[side] == pytest.approx(rate)
        chance = (stick.resolve, stick.belief)[side]
        expected = chance * carried + (1.0 - chance) * interim
        assert met.no_deal()[side] == pytest.approx(expected, abs=STEP)
        assert found(met)["no_deal"].payoffs[side] == pytest.approx(expected, abs=STEP)


@pytest.mark.parametrize("name", TALKS)
def test_cooperative_rows_are_the_best_of_all_packages(name):
    met = talk(name=name)
    rows, floor = zone(met.u, met.no_deal()), met.no_deal()
    gain = met.u[rows] - floor
    least, ideal = gain.min(axis=1), gain.max(axis=0)
    known = found(met)
    assert known["nash"].row == nash_row(met.u, floor)
    assert known["kalai_smorodinsky"].row == best(rows, (gain / ideal).min(axis=1))
    assert known["egalitarian"].row == best(rows, least)
    assert known["utilitarian"].row == best(rows, gain.sum(axis=1))
    for key in ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian"):
        assert known[key].payoffs == tuple(met.u[known[key].row])
    assert known["nash_lottery"].payoffs == pytest.approx(nash_lottery(met.u, floor), abs=1e-7)


@pytest.mark.parametrize("hazard", [0.0, 10.0])
def test_weights_by_patience_are_those_of_short_rounds(hazard):
    """Binmore, Rubinstein & Wolinsky (1986): the weight of a side is the haste of the other, hazard a year included."""
    met = talk("talks=us_japan", f"protocol.hazard_pct={hazard:g}", "protocol.reopen_rate_per_year=0.3")
    risk = -np.log(1.0 - hazard / 100.0) * 365.0 / 7.0
    rates = np.array([(0.05 + 1.0) / 2 + 0.3, (0.05 + 0.5) / 2 + 0.3])
    haste = rates + risk
    floor = (rates * met.impasse + risk * met.no_deal()) / haste
    limit = met.short_rounds()
    assert float(limit.weight) == pytest.approx(haste[1] / haste.sum(), rel=1e-9)
    assert limit.point == pytest.approx(floor, rel=1e-9)
    known = found(met)["nash_patience"]
    assert known.row == nash_row(met.u, floor, haste[1] / haste.sum())
    assert f"weight {haste[1] / haste.sum():.2f}" in known.assumes
    assert ("by the hazard" in known.assumes) == (hazard > 0)


def turns(met, first):
    return [float((r + first) % 2 == 0) for r in range(met.protocol.rounds)]


@pytest.mark.parametrize("name", TALKS)
def test_subgame_perfect_rows_are_plain_backward_induction(name):
    met = talk(name=name)
    ways = {"": [0.5] * 13, "_demander_first": turns(met, 0), "_partner_first": turns(met, 1)}
    for key, speaks in ways.items():
        value = backwards(met, demander_speaks=speaks)
        assert found(met)["subgame_perfect" + key].payoffs == pytest.approx(value, abs=1e-6)


OUT = ("talks.japan.stick.outside_option_demander_busd=13", "talks.japan.stick.outside_option_partner_busd=-9")


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        (("protocol.hazard_pct=10",), {"hazard": 0.1}),
        (OUT, {"outside": (13.0, -9.0)}),
        (
            (*OUT, "protocol.hazard_pct=5", "protocol.demander_proposes_pct=30"),
            {"outside": (13.0, -9.0), "hazard": 0.05},
        ),
        (("protocol=ultimatum",), {}),
    ],
)
def test_other_rules_by_backward_induction(more, rules):
    met = talk("talks=us_japan", *more)
    speaks = [met.protocol.demander_proposes_pct / 100.0] * met.protocol.rounds
    speaks = speaks if met.protocol.proposer == "drawn" else turns(met, 0)
    assert found(met)["subgame_perfect"].payoffs == pytest.approx(
        backwards(met, demander_speaks=speaks, **rules), abs=1e-6
    )


FEW_REFUSE = (
    "countries.JPN.audience_cost_busd=50",
    "countries.JPN.types.red_line_pct={values:[0,100],probabilities:[.1,.9]}",
)


@pytest.mark.parametrize(("name", "more", "refuse"), [*((n, (), False) for n in TALKS), ("japan", FEW_REFUSE, True)])
@pytest.mark.parametrize("side", [0, 1])
def test_screening_is_the_best_single_offer_of_all(name, more, refuse, side):
    met, other = talk(*more, name=name), 1 - side
    kinds, theirs = met.table.types[other], met.table.utility(other)
    chance, floor = met.chance[other], met.no_deal()[side]
    ends = met.table.carried[other] / 1e6 * chance + met.table.impasse[other] / 1e6 * (1.0 - chance)
    top, row = floor, -1
    for p, own in enumerate(met.u[:, side]):
        taken = sum(kinds.probability[k] for k in range(len(kinds)) if theirs[k, p] >= ends[k] - 2 * STEP)
        value = taken * own + (1.0 - taken) * floor
        if taken > 0 and value > top + 1e-9:
            top, row = value, p
    known = found(met)[f"screening_{('demander', 'partner')[side]}"]
    said = f"refused with {10 if refuse and side == 0 else 0} %"
    assert known.note == said.replace("refused with 0 %", "no type refuses")
    assert known.payoffs[side] == pytest.approx(top, abs=1e-6)
    assert known.row >= 0 and met.u[known.row, side] == pytest.approx(met.u[row, side], abs=1e-6)


def test_a_side_that_always_proposes_has_all_the_power():
    """An earlier version raised here, and with it every run of such talks."""
    for share, side in ((100, 0), (0, 1)):
        met = talk("talks=us_japan", f"protocol.demander_proposes_pct={share}")
        known = found(met)
        most = met.u[zone(met.u, met.impasse)][:, side].max()
        assert known["nash_patience"].payoffs[side] == pytest.approx(most, abs=1e-6)
        assert known["subgame_perfect"].row >= 0


def test_how_talks_end_is_said():
    notes = {c.key: c.note for c in concepts(talk("talks=us_japan", *OUT))}
    assert "the demander takes its outside option with 50 %" in notes["subgame_perfect"]
    assert notes["subgame_perfect_partner_first"] == "no deal: the demander takes its outside option with 100 %"
    nothing = {
        c.key: c for c in concepts(talk("talks=us_japan", "stick@talks.japan.stick=no_stick", "protocol.hazard_pct=10"))
    }
    stays = 100 * 0.9**13
    said = f"no deal: at the deadline with {stays:.0f} %, by a collapse with {100 - stays:.0f} %"
    assert nothing["subgame_perfect"].note == said
    assert nothing["nash"].row == -1 and "no zone" in nothing["nash"].note
    assert nothing["screening_demander"].note == "no package is worth offering: no deal"
    assert nothing["no_deal"].assumes == "no stick: the interim goes on"


def test_late_agreement_is_said_and_early_is_not():
    notes = {c.key: c.note for c in concepts(talk(name="eu"))}
    assert notes["subgame_perfect"].startswith("agreed in round 13, not before: package ")
    pie = {c.key: c for c in concepts(talk("experiment=classroom", name="pie"))}
    assert pie["subgame_perfect"].note == "round 1: package 53 if the demander proposes, package 47 if the partner"
    assert pie["subgame_perfect_demander_first"].note == "" and pie["subgame_perfect_demander_first"].row == 29


def test_types_that_an_average_package_does_not_suit_are_counted():
    """Half of Japan loses 10 bn past 20 % of any concession: 5 on average, so the average type agrees to more."""
    met = talk(
        "talks=us_japan", "countries.JPN.audience_cost_busd=3", "countries.JPN.types.red_line_pct.values=[10,100]"
    )
    floors = [met.table.no_deal(side, met.chance[side]) / 1e6 for side in (0, 1)]
    warned = 0
    for c in concepts(met):
        if c.row < 0 or c.key.startswith("screening"):
            continue
        own, kinds = met.table.utility(1)[:, c.row], met.table.types[1]
        share = sum(p for p, worth, least in zip(kinds.probability, own, floors[1]) if worth < least - 2e-6)
        assert (f"worse than no deal for {100 * share:.0f} % of the partner's types" in c.note) == (share > 0)
        warned += share > 0
    assert warned


def test_shares_are_gains_over_no_deal_and_of_nothing_are_undefined():
    point = Concept("t", "nash", "Nash", (3.0, 2.0), 0, "")
    assert surplus_share(point, (1.0, 1.0)) == pytest.approx(2 / 3)
    assert surplus_share(Concept("t", "n", "N", (3.0, 2.0), 0, "", floor=(2.0, -1.0)), (1.0, 1.0)) == pytest.approx(
        1 / 4
    )
    assert np.isnan(surplus_share(Concept("t", "no_deal", "", (3.0, 2.0), -1, ""), (1.0, 1.0)))
    assert np.isnan(surplus_share(point, (3.0, 2.0))) and np.isnan(surplus_share(point, (5.0, 2.0)))
    assert np.isnan(surplus_share(Concept("t", "n", "", (np.nan, np.nan), -1, ""), (1.0, 1.0)))


def test_the_frame_shows_each_packages_levels():
    met = talk()
    rows, grid = concepts(met), met.table.grid
    table = frame(rows, {"japan": met.table}).set_index("concept")
    for c in rows:
        shown = table.loc[c.key]
        assert (shown["demander_utility"], shown["partner_utility"]) == c.payoffs
        for k, issue in enumerate(grid.issues):
            if c.row < 0:
                assert np.isnan(shown[issue.column])
            else:
                assert shown[issue.column] == pytest.approx(
                    100 * grid.levels[c.row, k] if k < 2 else grid.levels[c.row, k]
                )
    floor, nash = rows[0].payoffs, rows[1].payoffs
    gain = nash[0] - floor[0], nash[1] - floor[1]
    assert table.loc["nash", "demander_surplus_share"] == pytest.approx(gain[0] / sum(gain))


@pytest.mark.parametrize("payoffs", [(12.0, -10.0), (0.0, 0.0), (10.2, -12.8), (16.0, -16.0)])
def test_the_nearest_concept_is_the_nearest_of_all(payoffs):
    rows = concepts(talk())
    away = {c.label: np.sqrt(sum((a - b) ** 2 for a, b in zip(c.payoffs, payoffs))) for c in rows[1:]}
    concept, gap = nearest(rows, payoffs)
    assert gap == pytest.approx(min(away.values())) and away[concept.label] == pytest.approx(gap)


def test_nothing_is_nearest_to_what_is_undefined():
    assert nearest(concepts(talk()), (np.nan, 1.0)) is None
    assert nearest(concepts(talk())[:1], (1.0, 1.0)) is None


def test_a_meeting_of_one_type_is_that_type():
    one = lab(
        "talks=us_japan",
        "countries.JPN.types.red_line_pct.values=[60]",
        "countries.JPN.types.discount_rate_per_year.values=[0.5]",
    )
    table = one.tables()[0]
    met = meeting(table, one.config.protocol)
    assert (met.u[:, 1] == table.utility(1)[0]).all() and met.rates[1] == pytest.approx(0.5)
