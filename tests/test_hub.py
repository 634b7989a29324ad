"""A hub with limited attention and deals that change other tables: a plain loop, two roads, what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.build import build
from experiments.compose import load
from experiments.messages import UserError
from sim.assess import Assessor
from sim.attention import Attention, attended, expected_gain, places
from sim.columns import HUB, JOINT, TALKS
from sim.grounds import distinct
from sim.hub import ENDS, MOST_SWEEPS, foreseen
from sim.payoffs import COMPONENTS
from sim.protocols.base import DEAL, ENDINGS
from sim.results import joint_table, talks_table
from sim.sticks import with_rates
from sim.trade import solve
from sim.view import PluginError
from tests import reference_hub
from tests.hub_worlds import lab, rows
from tests.test_assess import state

ORDERS = (
    ("hub.order=trade",),
    ("hub.order=list", "hub.listed=[china,japan]", "hub.turns=false", "protocol.hazard_pct=20"),
    ("hub.order=gain", "hub.turns=false", "strategy@countries.CHN.strategy=hardliner"),
    ("hub.order=random", "hub.attends=2", "protocol.hazard_pct=5", "strategy@countries.EU27.strategy=tit_for_tat"),
)


@pytest.mark.parametrize("overrides", ORDERS, ids=lambda o: o[0])
def test_every_world_goes_as_the_plain_loop(overrides):
    own, worlds = lab(*overrides), 12
    model = own.play(0, worlds)
    ended = set()
    for world in range(worlds):
        for number, (talk, spoke) in enumerate(zip(model.talks, reference_hub.play_world(own, world).values())):
            ended.add(spoke.ending)
            record = zip(talk.history.speaker[world], talk.history.offers[world])
            said = [(turn, side, row) for turn, (side, row) in enumerate(record) if side >= 0]
            assert said == spoke.offers, (world, spoke.name)
            assert (ENDINGS[talk.ending[world]], talk.row[world], talk.closed[world]) == (
                spoke.ending, spoke.row, spoke.closed)  # fmt: skip
            assert model.hub.sat[number, world] == len(spoke.attended)
            assert model.hub.first[number, world] == (spoke.attended[0] if spoke.attended else -1)
            assert model.hub.deals_elsewhere(number)[world] == spoke.standing
            for side in (0, 1):
                assert talk.final(side)[world] == pytest.approx(spoke.final[side], abs=1e-12)
                d = spoke.sides[side].discount ** spoke.closed
                due = spoke.earned[side] + d * spoke.final[side]
                assert talk.discounted(side)[world] == pytest.approx(due, abs=1e-9)
    assert "deal" in ended and len(ended) > 1


def test_all_talks_at_once_without_diversion_are_the_talks_without_a_hub():
    for more in ((), ("information=types", "strategy@countries.USA.strategy=bayesian")):
        without = talks_table(lab("hub=none", *more).play(0, 300))
        beside = talks_table(lab("hub=side_by_side", "hub.others=interim", *more).play(0, 300))
        assert beside.select(without.column_names).equals(without)
        assert beside.column_names == [*without.column_names, *(column.name for column in HUB)]


@pytest.mark.parametrize("overrides", [
    ("hub.order=random",),
    ("hub=expected_deals",),
    ("hub=by_gain", "countries.USA.weight_spread_pct=20", "countries.JPN.weight_spread_pct=20"),
    ("hub=side_by_side", "information=complete", "strategy@countries.USA.strategy=rational",
     "strategy@countries.JPN.strategy=rational", "protocol.rounds=4"),
    ("hub=side_by_side", "information=types", "strategy@countries.USA.strategy=bayesian", "protocol.rounds=6",
     "strategy@countries.EU27.strategy=screener"),
], ids=lambda o: " ".join(o[:2]))  # fmt: skip
def test_a_world_is_the_same_in_any_batch(overrides):
    own = lab(*overrides)
    whole = rows(own, 40)
    for size in (7, 4096):
        assert rows(build(own.config), 40, size) == whole, size
    alone = rows(build(own.config), 1, first=23)
    assert alone == [[row for row in part if row["world"] == 23] for part in whole]


def test_where_nothing_is_traded_deals_change_no_table():
    own = build(load(["experiment=classroom", "hub=side_by_side", "hub.order=list"]).config)
    config = own.config
    three = build(config.model_copy(update={"talks": dict.fromkeys(("a", "b", "c"), config.talks["pie"])}))
    model = three.play(0, 50)
    assert all(len(talk.board.tables) == 1 for talk in model.talks) and three.assessor.count == 0
    assert (model.talks[0].ending == DEAL).any()
    together = joint_table(model, three.hub[1]).to_pandas()
    rows = talks_table(model).to_pandas().groupby("world")["demander_final_utility"].sum()
    mine = together[together["country"] == "A"].set_index("world")["joint_utility"]
    assert mine.to_numpy() == pytest.approx(rows.to_numpy())  # pies of their own do add up


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 2**31), st.booleans())
def test_attention_goes_to_the_first_of_the_open_talks(talks, attends, seed, turns):
    rng = np.random.default_rng(seed)
    is_open = rng.random((talks, 20)) < 0.7
    place = places(rng.integers(0, 4, (talks, 20)).astype(float))
    count = rng.integers(0, 3, (talks, 20)) if turns else np.zeros((talks, 20), dtype=int)
    here = attended(is_open, place, count, attends)
    for world in range(20):
        waiting = [j for j in range(talks) if is_open[j, world]]
        due = sorted(waiting, key=lambda j: (count[j, world], place[j, world]))[:attends]
        assert sorted(np.flatnonzero(here[:, world])) == sorted(due)
        assert sorted(place[:, world]) == list(range(talks))


def test_largest_first_and_equals_as_they_are_listed():
    assert places(np.array([[2.0], [5.0], [2.0], [7.0]]))[:, 0].tolist() == [2, 1, 3, 0]
    first, which = distinct(np.array([[1, 1, -1, 1], [0, 2, 0, 0]]))
    assert len(first) == 3 and which[0] == which[3] and len({*which[:3].tolist()}) == 3


def test_a_list_is_kept_to_and_turns_are_shared():
    model = lab("hub=by_list", "hub.listed=[china,japan]").play(0, 200)
    japan, _, china = model.talks
    assert (model.hub.first[2] == 0).all()
    came = model.hub.first[0] >= 0
    assert came.any() and (model.hub.first[0] == china.closed + 1)[came].all() and (china.ending[came] == DEAL).all()
    assert ((model.hub.first[1] < 0) | (model.hub.first[1] == japan.closed + 1)).all()
    firm = ("strategy@countries.USA.strategy=hardliner", "countries.USA.strategy.demand_pct=100")
    for rounds in (5, 13):
        model = lab("hub=in_turn", f"protocol.rounds={rounds}", *firm).play(0, 50)
        open_ = np.stack([talk.ending != DEAL for talk in model.talks]).all(axis=0)
        assert open_.any() and (model.hub.sat.sum(axis=0)[open_] == rounds).all()
        assert (np.ptp(model.hub.sat[:, open_], axis=0) <= 1).all()


def test_chance_treats_all_talks_alike():
    hub = lab("hub=at_random", "hub.attends=2").play(0, 3000).hub
    share = (hub.first == 0).mean(axis=1)
    assert share == pytest.approx(2 / 3, abs=5 * np.sqrt(2 / 9 / 3000))


def test_an_exchange_of_sealed_offers_is_not_torn_apart():
    own = lab("hub=at_random", "protocol=monotonic", "protocol.rounds=20", "information=complete",
              *(f"strategy@countries.{code}.strategy=zeuthen" for code in ("USA", "JPN", "EU27", "CHN")))  # fmt: skip
    model = own.play(0, 60)
    assert (model.hub.sat % 2 == 0).all() and (model.hub.first[model.hub.first >= 0] % 2 == 0).all()
    assert any((talk.ending == DEAL).any() for talk in model.talks) and len(model.talks[0].board.tables) > 1


def test_the_hubs_gain_is_the_nash_gain_with_the_average_partner():
    leaves = [
        f"talks.{talk}.stick.outside_option_{side}_busd" for talk in ("eu", "china") for side in ("demander", "partner")
    ]
    own = lab(*(f"{key}={value}" for key, value in zip(leaves, (32.0, -32.0, 0.0, -30.0))))
    for stakes in own.stakes:
        spoke = reference_hub.Spoke("", [type("Side", (), {"kind": 0}), None], stakes)
        table = stakes.table(*(own.types[code].types for code in stakes.agenda.pair))
        for spoke.sides[0].kind, gain in enumerate(expected_gain(table)):
            assert gain == pytest.approx(reference_hub.gain(own, spoke), abs=1e-9)


def by_hand(own, model, world, turn):
    """Utility of each country in the joint state of a round, or of the end (None), by one solve of its tariffs."""
    economy = own.economy
    tariffs, iceberg = economy.tariffs.copy(), np.ones_like(economy.tariffs)
    more = dict.fromkeys(own.config.countries, 0.0)
    for talk in model.talks:
        over = turn is None or talk.closed[world] <= turn
        if over and talk.ending[world] == DEAL:
            state(economy, talk.agenda, tariffs, iceberg, talk.row[world])
        else:
            pair = tuple(economy.index(code) for code in talk.agenda.pair)
            tariffs = with_rates(
                tariffs, economy.tariffs, pair, talk.agenda.stick.rates(over and talk.stick_falls[world])
            )
        for side, country in enumerate(talk.countries):
            if over and talk.ending[world] == DEAL:
                parts = talk.stakes.packages[side][talk.row[world], 3:]
                weights = country.types.weights[country.type_index[world], 3:]
                past = talk.stakes.opening[side][talk.row[world]] > country.red_line[world] + 1e-9
                more[country.code] += (weights * parts).sum() - past * country.audience_cost[world] * weights[2]
    found = solve(economy, tariffs, iceberg)
    out = {}
    for country in model.agents:
        who = economy.index(country.code)
        others = [economy.index(c) for t in model.talks for c in t.agenda.pair if country.code in t.agenda.pair]
        flow = sum(found.flows[0, who, o] - found.flows[0, o, who] for o in others if o != who)
        before = sum(economy.flows[0, who, o] - economy.flows[0, o, who] for o in others if o != who)
        price, weights = found.price[who], country.types.weights[country.type_index[world]]
        parts = (found.ev[who], found.revenue[who] / price - economy.revenue[who], flow / price - before)
        out[country.code] = sum(w * p for w, p in zip(weights, parts)) + more[country.code]
    return out


def test_the_joint_payoff_is_that_of_one_state_a_round_solved_afresh():
    own = lab("hub.order=random", "protocol.hazard_pct=10", "protocol.rounds=5")
    model = own.play(0, 40)
    table = joint_table(model, own.hub[1]).to_pandas().set_index(["world", "country"])
    falls = [w for w in range(40) if any(t.ending[w] != DEAL and t.stick_falls[w] for t in model.talks)]
    deals = [w for w in range(40) if sum(t.ending[w] == DEAL for t in model.talks) > 1]
    assert falls and deals
    for world in {*falls[:3], *deals[:3], 0}:
        end = by_hand(own, model, world, None)
        rounds = [by_hand(own, model, world, turn) for turn in range(max(t.closed[world] for t in model.talks))]
        for country in model.agents:
            row, d = table.loc[(world, country.code)], country.discount[world]
            assert row["joint_utility"] == pytest.approx(end[country.code], abs=1e-6)
            flows = sum((1 - d) * d**t * now[country.code] for t, now in enumerate(rounds))
            assert row["joint_payoff"] == pytest.approx(flows + d ** len(rounds) * end[country.code], abs=1e-6)


def test_one_talk_alone_has_the_same_payoff_both_ways():
    own = build(
        load(["talks=us_japan", "hub=one_at_a_time", "talks.japan.stick.outside_option_partner_busd=-11.0"]).config
    )
    model = own.play(0, 400)
    talks = talks_table(model).to_pandas()
    together = joint_table(model, own.hub[1]).to_pandas()
    assert {*talks["ended_by"]} > {"deal"}
    for side, code in (("demander", "USA"), ("partner", "JPN")):
        rows = together[together["country"] == code]
        assert rows["joint_utility"].to_numpy() == pytest.approx(talks[f"{side}_final_utility"].to_numpy(), abs=2e-6)
        assert rows["joint_payoff"].to_numpy() == pytest.approx(talks[f"{side}_payoff"].to_numpy(), abs=2e-6)


def test_expected_deals_are_those_that_are_made():
    own = lab("hub=expected_deals")
    model = own.play(0, 60)
    met = np.flatnonzero(model.hub.ends == ENDS.index("converged"))
    assert len(met) > 20
    for world in met[::8]:
        rows = {t.name: int(t.row[world]) for t in model.talks if t.ending[world] == DEAL}
        for talk in model.talks:
            standing = {name: row for name, row in rows.items() if name != talk.name}
            fresh = Assessor(own.economy, tuple(s.agenda for s in own.stakes)).stakes((talk.name,), standing)[0]
            seat, kind = talk.seats[1], talk.countries[1].type_index[world]
            due = fresh.table(*(own.types[code].types for code in talk.agenda.pair)).ranked[1].micro[kind]
            assert (seat.ranked.micro[seat.types[world]] == due).all()


class Toy:
    """Two talks, a world a rule: levels agreed from those expected, as a table."""

    def __init__(self, rules):
        self.rules, self.worlds, self.hub = rules, len(rules), self
        self.level = np.zeros((2, len(rules)), dtype=np.int64)

    def expect(self, level):
        self.level = np.array([rule(*own) for rule, own in zip(self.rules, level.T.tolist())]).T

    def run_model(self):
        return self


RULES = (lambda a, b: (2, 3), lambda a, b: (b, a), lambda a, b: (1 - max(b, 0), max(a, 0)), lambda a, b: (a + 1, b))


def test_expectations_converge_come_round_or_never_settle_world_by_world():
    seen = [foreseen(lambda: Toy(RULES)), *(foreseen(lambda rule=rule: Toy((rule,))) for rule in RULES)]
    assert [ENDS[k] for k in seen[0].ends] == ["converged", "converged", "cycle", "unsettled"]
    assert [int(one.ends[0]) for one in seen[1:]] == seen[0].ends.tolist()
    assert np.concatenate([one.level for one in seen[1:]], axis=1).tolist() == seen[0].level.tolist()
    assert seen[0].level[0, 3] == MOST_SWEEPS - 1


def test_columns_are_those_defined():
    own = lab()
    model = own.play(0, 20)
    together = joint_table(model, own.hub[1])
    assert together.column_names == [column.name for column in JOINT]
    assert together.num_rows == 20 * 4 and together["deals"].to_numpy().max() <= 3
    rows = talks_table(model)
    assert [name for name in rows.column_names if name in {c.name for c in (*TALKS, *HUB)}] == [
        c.name for c in (*TALKS, *HUB)]  # fmt: skip
    assert rows["expectations"].null_count == rows.num_rows and len(COMPONENTS) == 6


@pytest.mark.parametrize("overrides, words", [
    (["hub=by_list", "hub.listed=[jpan]"], "no talk 'jpan'; there are japan, eu, china; did you mean 'japan'?"),
    (["hub=by_list", "hub.listed=[eu,eu]"], "'eu' is listed twice"),
    (["experiment=classroom", "hub=one_at_a_time"], "use list, gain or random"),
    (["experiment=escalation_china", "hub=one_at_a_time"], "set moves to null, or hub=none"),
    (["experiment=ratification_japan", "hub=one_at_a_time"], "set hub.others=interim, or leave one of them out"),
    (["hub=one_at_a_time", "hub.attends=0"], "hub.attends"),
    (["hub=one_at_a_time", "hub.order=gains"], "hub.order"),
])  # fmt: skip
def test_mistakes_are_told_with_their_key(overrides, words):
    with pytest.raises(UserError) as told:
        load(overrides)
    assert words in str(told.value) and len(str(told.value).splitlines()) <= 6


def test_a_protocol_may_not_end_a_talk_that_waits():
    model = lab("hub.order=list", "hub.turns=false").play(0, 3)  # closed by now; opened anew below
    talk = model.talks[1]
    talk.ending[:], talk.present[:] = -1, [True, False, True]
    with pytest.raises(PluginError, match="world 1:\nclose was given a world where the hub did not sit down"):
        talk.close(np.arange(3), DEAL, np.zeros(3, dtype=int))
    talk.close(np.array([0, 2]), DEAL, np.zeros(2, dtype=int))


def test_rules_are_checked_at_birth():
    for wrong in ({"order": "size"}, {"others": "hope"}, {"attends": 0}):
        with pytest.raises(ValueError, match=f"hub.{next(iter(wrong))}"):
            Attention(**wrong)
