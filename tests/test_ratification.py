"""Ratification at home: a plain loop over one world, what never changes, Schelling's conjecture, bad input."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from agents.country import Country
from agents.strategies.rational import Rational
from agents.strategies.time_based import TimeBased
from agents.strategies.trembling import Trembling
from agents.strategies.zeuthen import Zeuthen
from experiments.build import build
from experiments.cli import main
from experiments.compose import load
from experiments.messages import UserError
from sim.columns import HOME
from sim.model import Talks
from sim.payoffs import COMPONENTS
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEAL, ENDINGS_AT_HOME, NOT_RATIFIED
from sim.protocols.monotonic import MonotonicConcession
from sim.ranking import from_micro
from sim.ratification import Legislature
from sim.results import talks_table
from tests import reference_loop as plain
from tests.talk_worlds import april, play, random_players, random_protocol, random_stakes
from tests.test_extension import play_known
from tests.test_moves import escalation
from tests.test_take_it import patient, pie

WORLDS = 6
PARTNER = "talks.japan.ratification.partner"
JAPAN = ("experiment=ratification_japan",)
PLEDGE = COMPONENTS.index("pledge")
CITIZEN = tuple(float(name == "pledge") for name in COMPONENTS)


def random_law(rng, spread=False):
    """A legislature with weights in halves, a few thresholds and rules at random."""
    count = int(rng.integers(1, 4))
    chances = rng.uniform(0.1, 1, count)
    return Legislature(
        tuple(rng.integers(0, 5, len(COMPONENTS)) / 2.0),
        tuple(rng.integers(-4, 5, count).astype(float)),
        tuple(chances / chances.sum()),
        float(spread * rng.uniform(0.5, 3)),
        known=bool(rng.random() < 0.5),
        ends=bool(rng.random() < 0.5),
    )


def lawful(stakes, *laws):
    """The same stakes with legislatures."""
    return replace(stakes, agenda=replace(stakes.agenda, ratification=laws))


def least(stakes, law, side, seed, world):
    """What a legislature asks for in one world: (no deal to its pivot plus the threshold drawn, worth of packages)."""
    stick = stakes.agenda.stick
    worth = [plain.micro(plain._weigh(law.weights, parts)) for parts in stakes.packages[side].tolist()]
    stay, fall = (
        plain.micro(plain._weigh(law.weights, part[side].tolist())) for part in (stakes.interim, stakes.carried)
    )
    chance = (stick.resolve, stick.belief)[side]
    no_deal = plain.micro(chance * (fall / 1e6) + (1.0 - chance) * (stay / 1e6))
    u = [plain._uniform(seed, f"ratify:{side}:{stakes.agenda.name}", 0, world, k) for k in (0, 1)]
    asks = law.thresholds[plain._drawn_type(np.array(law.probabilities), u[0])]
    if law.spread > 0:
        asks = asks + law.spread * float(ndtri(np.array([u[1]]))[0])
    return no_deal + plain.micro(asks), worth


def play_at_home(stakes, rules, players, seed, world):
    """One talk in one world whose deals need consent: (ending, row, closed, refusals, final, payoff)."""
    talk, laws = stakes.agenda, stakes.agenda.ratification
    sides = [plain._seat(stakes, rules, players[s], s, seed, world) for s in (0, 1)]
    falls = plain._uniform(seed, f"stick:{talk.name}", 0, world, 0) < talk.stick.resolve
    drawn = tuple((side.carried if falls else side.impasse) / 1e6 for side in sides)
    needs = [law and least(stakes, law, s, seed, world) for s, law in enumerate(laws)]
    for side, law, home in zip(sides, laws, needs):
        if law is not None and law.known:
            bar = min(side.no_deal, side.impasse) - 1
            side.worth = [u if own >= home[0] else min(u, bar) for u, own in zip(side.worth, home[1])]
    refused = [0, 0]

    def over(ending, row, closed, final=drawn):
        done = plain._ended(ending, row, closed, final, sides, drawn, [])
        return ending, row, closed, tuple(refused), done.final, done.payoff

    for turn in range(rules.rounds):
        speaker = plain._speaker(rules, talk.name, turn, seed, world)
        me, other = sides[speaker], sides[1 - speaker]
        row = plain._offer(me, other, talk.grid, turn, rules.rounds)
        if row >= 0:
            me.said.append(row)
            if other.worth[row] >= plain._acceptable(other, me, turn, rules.rounds):
                fails = [s for s, home in enumerate(needs) if home and home[1][row] < home[0]]
                if not fails:
                    return over("deal", row, turn, tuple(side.worth[row] / 1e6 for side in sides))
                for s in fails:
                    refused[s] += 1
                if any(laws[s].ends for s in fails):
                    return over("not_ratified", -1, turn + 1)
        if other.outside is not None and plain._walks(other, me, turn, rules.rounds):
            final = tuple(other.outside if side is other else drawn[side.number] for side in sides)
            return over("outside_option", -1, turn, final)
        hazard = plain._uniform(seed, f"hazard:{talk.name}", turn // 4, world, turn % 4)
        if hazard * 100.0 < rules.hazard_pct:
            return over("collapse", -1, turn + 1)
    return over("deadline", -1, rules.rounds)


def as_tuples(talk):
    """What the batch says of each world, in the plain loop's words."""
    final, payoff = ([getattr(talk, name)(side) for side in (0, 1)] for name in ("final", "discounted"))
    for k in range(talk.model.worlds):
        ends = (tuple(float(values[k]) for values in pair) for pair in (final, payoff))
        refused = tuple(talk.home.refused[k].tolist())
        yield ENDINGS_AT_HOME[talk.ending[k]], int(talk.row[k]), int(talk.closed[k]), refused, *ends


@pytest.mark.parametrize("seed", range(120))
def test_batch_is_the_plain_loop_on_random_tables(seed):
    rng = np.random.default_rng(seed)
    laws = [random_law(rng, spread=seed % 4 == 0) if rng.random() < 0.7 else None for _ in (0, 1)]
    laws[seed % 2] = laws[seed % 2] or random_law(rng)
    stakes = lawful(random_stakes(rng, outside=0.2, coarse=seed % 3 > 0), *laws)
    rules, players = random_protocol(rng), random_players(rng)
    first = int(rng.integers(1000))
    model = play([stakes], rules, players, seed=seed, worlds=WORLDS, first=first)
    seats = [(code, *players[code]) for code in stakes.agenda.pair]
    alone = [play_at_home(stakes, rules, seats, seed, first + k) for k in range(WORLDS)]
    assert list(as_tuples(model.talks[0])) == alone


@pytest.mark.parametrize("known", [True, False])
def test_a_package_refused_at_home_faces_the_hazard_as_one_refused_at_the_table(known):
    law = Legislature(CITIZEN, (0.0, 20.0, 45.0), (0.3, 0.4, 0.3), known=known)
    stakes = lawful(pie((8.0, 5.0), (20.0, 11.0), 1.0), None, law)
    rules = AlternatingOffers(rounds=9, hazard_pct=40.0)
    players = {"A": (TimeBased(exponent=2.0), patient(0.2)), "B": (TimeBased(exponent=3.0), patient(0.4))}
    model = play([stakes], rules, players, seed=4, worlds=80)
    alone = [play_at_home(stakes, rules, [(c, *players[c]) for c in "AB"], 4, k) for k in range(80)]
    assert list(as_tuples(model.talks[0])) == alone
    lost = [one for one in alone if one[0] == "collapse" and one[3][1]]
    assert bool(lost) != known


def table(*overrides, worlds=300):
    """The table of talks with Japan."""
    found = talks_table(april("us_japan", *overrides).play(0, worlds)).to_pandas()
    return found.astype({"ended_by": str})


@pytest.mark.parametrize("known", ["true", "false"])
def test_a_legislature_that_passes_everything_changes_nothing(known):
    mild = (f"{PARTNER}.threshold_busd.values=[-10000.0]", f"{PARTNER}.known={known}")
    one, two = table(*JAPAN, *mild), table()
    assert two.equals(one.drop(columns=[c.name for c in HOME])) and (one["partner_refused_at_home"] == 0).all()
    assert one["demander_threshold"].isna().all() and (one["zone_at_home"] == one["zone_of_agreement"]).all()


def test_no_talk_has_columns_of_ratification_where_nobody_ratifies():
    assert not {c.name for c in HOME} & set(table(worlds=5).columns)


@pytest.mark.parametrize("known", [True, False])
def test_what_is_in_force_has_passed_and_who_knows_the_win_set_is_never_refused(known):
    talk = april("us_japan", *JAPAN, f"{PARTNER}.known={str(known).lower()}").play(0, 300).talks[0]
    chamber, done = talk.home.chambers[1], talk.ending == DEAL
    assert (chamber.worth[0][talk.row[done]] >= chamber.need[done]).all() and 0.2 < done.mean() < 0.9
    assert (talk.home.refused[:, 1].max() == 0) == known


def test_a_hand_that_trembles_signs_what_fails_at_home_and_it_does_not_come_into_force():
    lab = april("us_japan", *JAPAN, f"{PARTNER}.known=true")
    players = {code: (lab.config.countries[code].strategy, lab.types[code]) for code in lab.types}
    players["JPN"] = (Trembling(strategies=(players["JPN"][0],), error_pct=30.0), lab.types["JPN"])
    talk = play(lab.stakes, lab.config.protocol, players, seed=1, worlds=200).talks[0]
    chamber, done = talk.home.chambers[1], talk.ending == DEAL
    assert talk.home.refused[:, 1].max() > 0 and (chamber.worth[0][talk.row[done]] >= chamber.need[done]).all()


def test_a_refusal_that_ends_the_talks_leaves_both_sides_with_no_deal_after_a_round_more():
    talk = april("us_japan", *JAPAN, f"{PARTNER}.on_rejection=no_deal").play(0, 300).talks[0]
    none = talk.ending == NOT_RATIFIED
    assert none.sum() > 50 and (talk.row[none] < 0).all() and (talk.home.refused[none, 1] == 1).all()
    for k in np.flatnonzero(none)[:50]:
        said = talk.history.offers[k]
        assert talk.closed[k] == 1 + np.flatnonzero(said >= 0)[-1]
    for side in (0, 1):
        seat, d = talk.seats[side], talk.seats[side].discount ** talk.closed
        by_hand = (1 - d) * from_micro(seat.impasse) + d * talk.drawn_no_deal(side)
        assert talk.discounted(side)[none] == pytest.approx(by_hand[none], abs=1e-9)


def narrowed(ask, step, spread=0.0):
    """A pie whose partner's legislature asks for `ask` above no deal (11)."""
    return lawful(pie((8.0, 5.0), (20.0, 11.0), step), None, Legislature(CITIZEN, (ask,), (1.0,), spread, known=True))


ASKS = (-11.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 68.0, 88.0)


def schelling(strategy, rules, paid="discounted"):
    """Mean payoffs (n, 2) of a pair that knows each other as the partner's win-set gets smaller."""
    players = {code: (strategy, patient(0.2)) for code in "AB"}
    out = []
    for ask in ASKS:
        step, worlds = (0.1, 200) if isinstance(rules, AlternatingOffers) else (1.0, 3)
        talk = play_known(narrowed(ask, step), rules, players, 5, worlds)
        out.append([getattr(talk, paid)(side).mean() for side in (0, 1)])
    return np.array(out)


@pytest.mark.parametrize(
    "strategy, rules",
    [
        (Rational(), AlternatingOffers(rounds=7, days_per_round=90.0)),
        (Rational(), AlternatingOffers(rounds=6, days_per_round=365.0, proposer="demander_always")),
    ],
)
def test_a_smaller_win_set_helps_at_the_table_until_nothing_is_left_to_agree_on(strategy, rules):
    """Schelling (1960), Putnam (1988). Of the pie of 100 the partner has 11, the demander 20 without a deal, 8 talking:

    asking for 88 more leaves the demander 1, less than any way to go on, and both end with no deal.
    """
    got = schelling(strategy, rules)
    assert (np.diff(got[:-1, 1]) >= -1e-9).all() and got[-2, 1] > got[0, 1] + 5
    assert (np.diff(got[:-1, 0]) <= 1e-9).all() and got[-2, 0] < got[0, 0] - 5
    d = np.exp(-0.2 * rules.days_per_round / 365.0 * rules.rounds)
    assert got[-1] == pytest.approx([(1 - d) * 8 + d * 20, (1 - d) * 5 + d * 11], abs=1e-9)


def test_win_sets_of_each_world_bind_as_a_listed_one_does():
    """A spread far below a millionth: the same thresholds on the way every world goes by itself."""
    players = {code: (Rational(), patient(0.2)) for code in "AB"}
    rules = AlternatingOffers(rounds=6, days_per_round=365.0)
    for ask in (20.0, 60.0, 88.0):
        one, two = (play_known(narrowed(ask, 0.1, s), rules, players, 5, 30) for s in (0.0, 1e-9))
        assert (one.row == two.row).all() and (one.ending == two.ending).all()


def test_two_that_concede_by_risk_agree_on_the_largest_product_within_the_win_set():
    """The product of gains of the pie is largest where the partner has 45.5; with less in the set, at its edge."""
    got = schelling(Zeuthen(), MonotonicConcession(rounds=400, days_per_round=0.01), "final")
    for ask, (one, two) in zip(ASKS[:-1], got):
        assert two == pytest.approx(max(45.5, 11 + ask), abs=0.5) and one + two == pytest.approx(100.0, abs=1e-9)
    assert got[-1] == pytest.approx([20.0, 11.0])


def test_an_unknown_win_set_only_costs_deals():
    """Involuntary defection: nothing at the table is different, what fails at home is lost, and that is all."""
    shares, ends = [], []
    for ask in (-10000.0, 0.0, 1.0, 2.0, 4.0):
        found = table(*JAPAN, f"{PARTNER}.threshold_busd.values=[{ask}]", f"{PARTNER}.on_rejection=no_deal")
        shares.append(found["deal"].mean())
        ends.append(found)
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.85 and shares[-1] < 0.05
    for one, two in pairwise(ends):
        kept = two["deal"]
        assert one.loc[kept, "package"].equals(two.loc[kept, "package"]) and one.loc[kept, "deal"].all()


@pytest.mark.parametrize("spread", [0.0, 1.5])
@pytest.mark.parametrize("known", ["true", "false"])
def test_a_world_does_not_depend_on_those_played_beside_it(spread, known):
    words = (*JAPAN, f"{PARTNER}.known={known}", f"{PARTNER}.threshold_busd.spread={spread}")
    lab = april("us_japan", *words)
    whole = talks_table(lab.play(0, 40))
    for first, count in ((0, 1), (3, 7), (10, 30)):
        assert talks_table(lab.play(first, count)).to_pylist() == whole.slice(first, count).to_pylist()


def test_thresholds_are_drawn_as_often_as_told_with_the_spread_told():
    law = Legislature((1.0,) * len(COMPONENTS), (0.0, 6.0), (0.25, 0.75), spread=2.0)
    asks = lawful(april("pie", "economy=none").stakes[0], None, law)
    lab = april("pie", "economy=none")
    players = {code: (lab.config.countries[code].strategy, lab.types[code]) for code in "AB"}
    drawn = (
        play([asks], AlternatingOffers(rounds=1), players, seed=1, worlds=20_000).talks[0].home.chambers[1].asks / 1e6
    )
    mean, var = 4.5, 0.25 * 0.75 * 36 + 4.0
    assert abs(drawn.mean() - mean) < 4 * np.sqrt(var / 20_000) and abs(drawn.var() / var - 1) < 0.05


def test_cells_side_by_side_are_the_cells_alone():
    """Two sticks in one model: no deal to the pivot, and so the win-set, differ."""
    lab = april("us_japan", *JAPAN, f"{PARTNER}.known=true")
    own = lab.stakes[0]
    soft = replace(own, agenda=replace(own.agenda, stick=replace(own.agenda.stick, resolve=0.1, belief=0.1)))

    def rows(*stakes):
        model = Talks(lab.config.protocol, seed=3, worlds=60, cells=len(stakes))
        for code, country in lab.config.countries.items():
            Country(model, code, country.strategy, lab.types[code])
        return talks_table(model.open((tuple(stakes),)).run_model()).to_pandas()

    both = rows(own, soft)
    assert both.iloc[:60].reset_index(drop=True).equals(rows(own))
    assert both.iloc[60:].reset_index(drop=True).equals(rows(soft)) and not rows(own).equals(rows(soft))


def test_the_other_side_knows_a_known_win_set_as_well_as_the_types():
    words = (*JAPAN, f"{PARTNER}.known=true", "information=types")
    talk = april("us_japan", *words).play(0, 50).talks[0]
    prior, seat = talk.common[0].prior, talk.seats[1]
    assert prior.ranked is seat.ranked and len(prior.probability) == 3 * len(talk.table.types[1])
    assert prior.probability.sum() == pytest.approx(1.0) and (prior.no_deal[seat.types] == seat.no_deal).all()
    assert (prior.discount[seat.types] == seat.discount).all()


def test_where_tariffs_move_a_package_is_weighed_against_no_deal_under_those_in_force():
    law = Legislature((1.0,) * len(COMPONENTS), (2.0,), (1.0,))
    lab = escalation()
    stakes = lawful(lab.stakes[0], None, law)
    players = {code: (lab.config.countries[code].strategy, lab.types[code]) for code in lab.types}
    talk = play([stakes], lab.config.protocol, players, seed=1, worlds=200).talks[0]
    pivot, chamber, rng = np.ones(len(COMPONENTS)), talk.home.chambers[1], np.random.default_rng(1)
    belief, fall = talk.agenda.stick.belief, stakes.carried[1] @ pivot
    stay = np.array([stakes.rungs[1][tuple(rungs)] @ pivot for rungs in talk.sticks.rung])
    need = belief * fall + (1 - belief) * stay + 2.0
    assert len(set(need.tolist())) > 1
    for _ in range(20):
        rows = rng.integers(len(talk.agenda.grid), size=200)
        gap = stakes.packages[1][rows] @ pivot - need
        sure = np.abs(gap) > 2e-6
        assert (chamber.passes(np.arange(200), rows) == (gap > 0))[sure].all()
    done = np.flatnonzero(talk.ending == DEAL)
    assert len(done) > 50 and chamber.passes(done, talk.row[done]).all()


def test_a_sweep_has_the_columns_and_the_ending_of_its_cells(tmp_path):
    law = "+talks.pie.ratification={partner: {on_rejection: no_deal, threshold_busd: {values: [55.0]}}}"
    words = ["-m", "experiment=classroom", "worlds=20", "figures=false", "seed=1,2", law]
    assert main([*words, "--out", str(tmp_path / "sweep")]) == 0
    found = pd.concat(map(pd.read_parquet, sorted((tmp_path / "sweep").glob("talks-*.parquet"))))
    alone = talks_table(build(load([*words[1:4], "seed=2", law]).config).play(0, 20)).to_pandas()
    second = found[found["cell"] == 1].reset_index(drop=True)
    for name in (*(c.name for c in HOME), "ended_by"):
        assert second[name].astype(str).tolist() == alone[name].astype(str).tolist(), name
    assert "not_ratified" in set(found["ended_by"]) and list(found.columns)[-5:] == [c.name for c in HOME]


@pytest.mark.parametrize(
    "words, said",
    [
        ([f"{PARTNER}.know=true"], "no such key; did you mean 'known'?"),
        ([f"{PARTNER}.on_rejection=walk"], "'walk' is not allowed"),
        ([f"{PARTNER}.threshold_busd.probabilities=[0.5]"], "1 probabilities for 3 values"),
        ([f"{PARTNER}.threshold_busd.values=[{','.join(map(str, range(17)))}]"], "17 values; at most 16: use spread"),
        ([f"{PARTNER}.threshold_busd.spread=-1"], "-1 is out of range; allowed: 0 to 10000"),
        ([f"{PARTNER}.weights.welfare=-1"], "-1 is out of range; allowed: 0 to 100"),
        (
            [f"{PARTNER}.known=true", "+talks.japan.moves={demander_rungs_pct: [10.0], partner_rungs_pct: [0.0]}"],
            "ratification.partner.known: true goes with tariffs that stay put",
        ),
    ],
)
def test_what_a_student_can_get_wrong_is_told(words, said):
    with pytest.raises(UserError) as told:
        build(load([*JAPAN, *words]).config)
    assert said in str(told.value) and len(str(told.value).splitlines()) <= 6
