"""Sticks as moves: the batch against a plain loop over one world, policies by hand, flows solved afresh, files."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from agents.sticks.policies import Climb, Grim, Mirror, Pause, Salami, Wait
from agents.strategies.hardliner import Hardliner
from experiments import build as assembling
from experiments import run as running
from experiments.cli import main
from experiments.compose import CONFIGS, load
from experiments.markdown import number
from experiments.options import Options
from experiments.plot import on_record
from experiments.plot import read as read_run
from experiments.run import play as play_run
from sim.columns import STICKS
from sim.digest import sticks_table
from sim.moves import Moves
from sim.payoffs import COMPONENTS, trade_components
from sim.plots.escalation import tariffs_in_force, truces
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import COLLAPSE, DEADLINE, DEAL, ENDINGS
from sim.results import talks_table, write
from sim.trade import solve
from tests import reference_loop as plain
from tests.talk_worlds import april, play, random_players, random_protocol, random_stakes

WORLDS = 5
POLICIES = (None, Wait(), Climb(1), Climb(2), Salami(1), Salami(3), Mirror(1.0), Mirror(0.5), Grim(), Pause())
RATES = (0.0, 0.1, 0.2, 0.34, 0.54, 0.84, 1.04)
ESCALATION = ("experiment=escalation_china", "figures=false", "worlds=40")
HALF = ("protocol.hazard_pct=5", "policy@talks.china.moves.partner=proportional")  # rungs apart, some collapses
WALKS = getattr(plain, "_walks", lambda me, *now: plain.micro(me.outside) >= plain._target(me, *now))
SHIPPED = sorted(path.stem for path in (CONFIGS / "policy").glob("*.yaml"))
SECTOR = ("talks.china.stick.sector_pct=25.0", "talks.china.stick.sector_share_pct=36.0")
FIRM = [f"strategy@countries.{code}.strategy=hardliner" for code in ("USA", "CHN")]
FIRM += [f"countries.{code}.strategy.demand_pct=100" for code in ("USA", "CHN")]


def escalation(*overrides):
    """The lab of the shipped escalation with China."""
    return april("us_china", *ESCALATION, *overrides)


def moving(stakes, rng, policies=None):
    """Random rungs, flows of every pair of rungs and policies for a talk; the interim is one of the rungs."""
    rates = tuple(tuple(sorted(rng.choice(RATES, rng.integers(1, 6), replace=False).tolist())) for _ in range(2))
    start = tuple(int(rng.integers(len(own))) for own in rates)
    shape = (len(rates[0]), len(rates[1]), len(COMPONENTS))
    rungs = tuple(rng.integers(-6, 5, shape).astype(float) for _ in range(2))
    for side in (0, 1):
        rungs[side][start] = stakes.interim[side]
    chosen = policies or tuple(POLICIES[rng.integers(len(POLICIES))] for _ in range(2))
    return replace(stakes, agenda=replace(stakes.agenda, moves=Moves(rates, start, chosen)), rungs=rungs)


def stands(policy, moves, side, turn, state):
    """The rung of one side in one world, by the rule in words."""
    own, faced, rates = state["rung"][side], state["rung"][1 - side], moves.rates[side]
    top = len(rates) - 1
    if isinstance(policy, Climb):
        return min(own + policy.step, top) if state["refused"] == side else own
    if isinstance(policy, Salami):
        return min(own + 1, top) if turn % policy.every == 0 else own
    if isinstance(policy, Mirror):
        limit = policy.factor * moves.rates[1 - side][faced] + 1e-9
        return max([k for k, rate in enumerate(rates) if rate <= limit], default=0)
    if isinstance(policy, Grim):
        return top if state["peak"][1 - side] > moves.start[1 - side] else own
    if isinstance(policy, Pause):
        return 0 if state["spoke"][1 - side] else moves.start[side]
    return own


def feel(sides, stakes, players, rung):
    """Put the flow of the rungs into both sides' impasse and what stays of it into their no-deal value."""
    for side, chance in zip(sides, (stakes.agenda.stick.resolve, stakes.agenda.stick.belief)):
        weights = [float(w) for w in players[side.number][2].types.weights[side.kind]]
        side.impasse = plain.micro(plain._weigh(weights, stakes.rungs[side.number][tuple(rung)].tolist()))
        side.no_deal = plain.micro(chance * (side.carried / 1e6) + (1.0 - chance) * (side.impasse / 1e6))


def lived(side, turn):
    """What a side earns in a round that ended without a deal."""
    return (1.0 - side.discount) * powered(side.discount, turn) * (side.impasse / 1e6)


def powered(discount, turn):
    """The factor of a round as the batch works it out, to the last bit."""
    return float(np.power(np.array([discount]), np.array([turn]))[0])


def play_moving_world(stakes, protocol, players, seed, world):
    """One talk with moving tariffs in one world: (ending, row, closed, rungs by round, final, payoff)."""
    talk, moves, rounds = stakes.agenda, stakes.agenda.moves, protocol.rounds
    sides = [plain._seat(stakes, protocol, players[s], s, seed, world) for s in (0, 1)]
    falls = plain._uniform(seed, f"stick:{talk.name}", 0, world, 0) < talk.stick.resolve
    state = {"rung": list(moves.start), "peak": list(moves.start), "refused": None, "spoke": [False, False]}
    earned, path = [0.0, 0.0], []

    def over(ending, row, closed, walker=None):
        final = [(s.carried if falls else s.impasse) / 1e6 if row < 0 else s.worth[row] / 1e6 for s in sides]
        if walker is not None:
            final[walker.number] = walker.outside
        ends = [powered(s.discount, closed) * final[s.number] for s in sides]
        return ending, row, closed, path, tuple(final), tuple(earned[k] + ends[k] for k in (0, 1))

    for turn in range(rounds):
        for side in (0, 1):
            if turn:
                state["rung"][side] = stands(moves.policies[side], moves, side, turn, state)
            state["peak"][side] = max(state["peak"][side], state["rung"][side])  # the partner sees the demander's move
        path.append(tuple(state["rung"]))
        feel(sides, stakes, players, state["rung"])
        speaker = plain._speaker(protocol, talk.name, turn, seed, world)
        me, other = sides[speaker], sides[1 - speaker]
        row = plain._offer(me, other, talk.grid, turn, rounds)
        if row >= 0:
            me.said.append(row)
            state["spoke"][speaker] = True
            if other.worth[row] >= plain._acceptable(other, me, turn, rounds):
                return over("deal", row, turn)
        if other.outside is not None and WALKS(other, me, turn, rounds):
            return over("outside_option", -1, turn, other)
        earned = [had + lived(s, turn) for had, s in zip(earned, sides)]
        state["refused"] = speaker if row >= 0 else None
        if plain._uniform(seed, f"hazard:{talk.name}", turn // 4, world, turn % 4) * 100.0 < protocol.hazard_pct:
            return over("collapse", -1, turn + 1)
    return over("deadline", -1, rounds)


def as_tuples(talk):
    """What the batch says of each world, in the plain loop's words."""
    final, payoff = ([getattr(talk, name)(side) for side in (0, 1)] for name in ("final", "discounted"))
    for k in range(talk.model.worlds):
        record = talk.sticks.record[:, k]
        path = [tuple(rungs) for rungs in record[record[:, 0] >= 0].tolist()]
        ends = (tuple(float(values[k]) for values in pair) for pair in (final, payoff))
        yield ENDINGS[talk.ending[k]], int(talk.row[k]), int(talk.closed[k]), path, *ends


@pytest.mark.parametrize("seed", range(100))
def test_batch_is_the_plain_loop_on_random_tables(seed):
    """All hundred pairs of policies come up once."""
    rng = np.random.default_rng(seed)
    pair = (POLICIES[seed % 10], POLICIES[seed // 10])
    stakes = moving(random_stakes(rng, outside=0.2, coarse=seed % 3 > 0), rng, pair)
    protocol, players = random_protocol(rng), random_players(rng)
    first = int(rng.integers(1000))
    model = play([stakes], protocol, players, seed=seed, worlds=WORLDS, first=first)
    seats = [(code, *players[code]) for code in stakes.agenda.pair]
    alone = [play_moving_world(stakes, protocol, seats, seed, first + k) for k in range(WORLDS)]
    assert list(as_tuples(model.talks[0])) == alone


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("policies", [(None, None), (Wait(), Wait()), (None, Wait())])
def test_where_nobody_moves_the_talks_are_those_without_moves(policies, seed):
    rng = np.random.default_rng(seed)
    bare, protocol, players = random_stakes(rng), random_protocol(rng), random_players(rng)
    both = bare, moving(bare, rng, policies)
    one, two = (play([s], protocol, players, seed=seed, worlds=8).talks[0] for s in both)
    for name in ("ending", "row", "closed", "walked"):
        assert (getattr(one, name) == getattr(two, name)).all()
    assert (one.history.offers == two.history.offers).all()
    for side in (0, 1):
        assert (one.final(side) == two.final(side)).all() and (one.drawn_no_deal(side) == two.drawn_no_deal(side)).all()
        assert (one.seats[side].no_deal == two.seats[side].no_deal).all()
        assert one.discounted(side) == pytest.approx(two.discounted(side), abs=1e-9)


def test_waiting_in_the_shipped_talks_leaves_their_tables_as_they_are():
    wait = [f"+policy@talks.china.moves.{side}=wait" for side in ("demander", "partner")]
    rungs = ["+talks.china.moves.demander_rungs_pct=[10.0,145.0]", "+talks.china.moves.partner_rungs_pct=[0.0,125.0]"]
    bare, more = (talks_table(april("us_china", *extra).play(0, 200)).to_pandas() for extra in ((), (*wait, *rungs)))
    paid = [f"{side}_payoff" for side in ("demander", "partner")]
    pd.testing.assert_frame_equal(bare.drop(columns=paid), more.drop(columns=paid), check_exact=True)
    np.testing.assert_allclose(bare[paid], more[paid], rtol=0, atol=1e-9)


class Told:
    """A policy that answers whatever it was told to."""

    def __init__(self, answer):
        self.move = answer


def paths(policies, rates=((0.0, 0.1, 0.2, 0.3),) * 2, start=(0, 0)):
    """Rungs (6, 2) in six rounds of a pie that nobody agrees on; the demander speaks in rounds 1, 3, 5."""
    bare = april("pie", "economy=none").stakes[0]
    zero = np.zeros((len(rates[0]), len(rates[1]), len(COMPONENTS)))
    stakes = replace(bare, agenda=replace(bare.agenda, moves=Moves(rates, start, policies)), rungs=(zero, zero))
    firm = {code: (Hardliner(demand_pct=100.0), april("pie", "economy=none").types[code]) for code in "AB"}
    talk = play([stakes], AlternatingOffers(rounds=6, proposer="demander_first"), firm, seed=1, worlds=2).talks[0]
    return talk.sticks.record[:, 1].T.tolist()


def test_climb_rises_after_each_own_refusal_and_salami_by_the_clock_to_the_top_at_most():
    assert paths((Climb(), Wait())) == [[0, 1, 1, 2, 2, 3], [0] * 6]
    assert paths((Wait(), Climb(2))) == [[0] * 6, [0, 0, 2, 2, 3, 3]]
    assert paths((Salami(2), Salami(1)))[0] == [0, 0, 1, 1, 2, 2]
    assert paths((Salami(2), Salami(1)), start=(0, 1))[1] == [1, 2, 3, 3, 3, 3]


def test_mirror_and_proportional_answer_in_the_same_round_from_below():
    assert paths((Climb(), Mirror()))[1] == [0, 1, 1, 2, 2, 3]
    assert paths((Climb(), Mirror(0.5)))[1] == [0, 0, 0, 1, 1, 1]
    assert paths((Climb(), Mirror()), rates=((0.0, 0.1, 0.2, 0.3), (0.15, 0.25)))[1] == [0, 0, 0, 0, 0, 1]


def test_grim_goes_to_the_top_for_good_and_pause_lifts_once_the_other_side_has_spoken():
    """The partner climbs in the third round, which the demander can answer in the fourth; a cut is no provocation."""
    assert paths((Grim(), Climb()))[0] == [0, 0, 0, 3, 3, 3]
    assert paths((Grim(), Pause()), start=(1, 2))[0] == [1] * 6
    assert paths((Grim(), Told(lambda view: np.full(len(view), int(view.round == 1)))))[0] == [0, 0, 3, 3, 3, 3]
    assert paths((Pause(), Wait()), start=(2, 1)) == [[2, 2, 0, 0, 0, 0], [1] * 6]
    assert paths((Wait(), Pause()), start=(2, 1))[1] == [1, 0, 0, 0, 0, 0]


def test_a_partner_that_sees_the_rung_of_this_round_sees_it_in_the_peak():
    assert paths((Climb(), Grim()))[1] == [0, 3, 3, 3, 3, 3]


def test_what_a_side_would_settle_for_follows_the_tariffs_in_force():
    seat = escalation(*FIRM).play(0, 8).talks[0].seats[0]
    assert (seat.floor == np.maximum(seat.no_deal, seat.outside)).all()


def test_china_answers_54_with_34_and_104_with_84_and_145_with_125():
    """The steps of April 2025, from the rungs that are shipped; nobody agrees here."""
    talk = escalation(*FIRM).play(0, 40).talks[0]
    rates = [100 * np.array(own) for own in talk.sticks.rates]
    record = talk.sticks.record.reshape(-1, 2)
    seen = sorted({(round(rates[0][a]), round(rates[1][b])) for a, b in record})
    assert seen == [(30, 0), (54, 34), (104, 84), (145, 125)]


def test_flows_at_every_pair_of_rungs_are_those_of_equilibria_solved_afresh():
    """The components of a run and the tariffs one by one; a sector's own rate stands in the demander's rungs."""
    for lab in (escalation(), escalation(*SECTOR)):
        talk, quo = lab.play(0, 2).talks[0], lab.economy.tariffs
        usa, chn = pair = tuple(lab.economy.index(code) for code in ("USA", "CHN"))
        share = talk.agenda.stick.sector_share
        for a, one in enumerate(talk.sticks.rates[0]):
            for b, two in enumerate(talk.sticks.rates[1]):
                tariffs = np.stack([quo, quo])
                tariffs[1, :, chn, usa] += (1 - share) * one + share * 0.25
                tariffs[1, :, usa, chn] += two
                found = solve(lab.economy, tariffs, np.ones_like(tariffs))
                for side in (0, 1):
                    parts = np.diff(trade_components(found, lab.economy, pair[side], pair[1 - side]), axis=0)[0]
                    worth = talk.table.types[side].weights[:, : len(parts)] @ parts
                    assert talk.sticks.flow[side][:, a, b] / 1e6 == pytest.approx(worth, abs=2e-6)


def test_the_payoff_is_the_sum_of_the_flows_lived_with_and_the_final_state():
    talk = escalation("protocol.hazard_pct=10").play(0, 200).talks[0]
    assert len(set(talk.ending.tolist())) == 2
    for side in (0, 1):
        flow, kinds = talk.sticks.flow[side], talk.seats[side].types
        payoff, final = talk.discounted(side), talk.final(side)
        for k in range(200):
            d, closed = float(talk.seats[side].discount[k]), int(talk.closed[k])
            lived = [flow[kinds[k], a, b] / 1e6 for a, b in talk.sticks.record[:closed, k]]
            total = math.fsum((1 - d) * d**r * u for r, u in enumerate(lived)) + d**closed * final[k]
            assert payoff[k] == pytest.approx(total, abs=1e-9)


def test_at_the_deadline_the_tariffs_last_in_force_stay_unless_the_threat_falls():
    talk = escalation(*FIRM, "talks.china.stick.resolve_pct=40").play(0, 300).talks[0]
    assert set(talk.ending.tolist()) == {DEADLINE} and 0.3 < talk.stick_falls.mean() < 0.5
    last = talk.sticks.record[-1]
    assert len(np.unique(last, axis=0)) > 1
    for side, chance in ((0, 0.4), (1, 0.0)):
        kinds = talk.seats[side].types
        stay = talk.sticks.flow[side][kinds, last[:, 0], last[:, 1]]
        fall = talk.table.carried[side][kinds]
        assert (1e6 * talk.final(side)).round() == pytest.approx(np.where(talk.stick_falls, fall, stay))
        assert talk.seats[side].no_deal == pytest.approx(chance * fall + (1 - chance) * stay, abs=1)
        rates = np.array(talk.sticks.rates[side])[last[:, side]]
        assert talk.tariff_in_force(side) == pytest.approx(rates)


@pytest.mark.parametrize("more", [(), ("countries.USA.weight_spread_pct=20", "protocol.hazard_pct=10")])
def test_tables_are_the_same_bytes_whatever_the_chunks(more, monkeypatch, tmp_path):
    lab, found = escalation(*more, "worlds=16"), []
    for size in (16, 7, 2, 1):
        monkeypatch.setattr(assembling, "CHUNK", size)
        played = play_run(lab, silent=True)
        tables = played.talks, sticks_table([s.agenda for s in lab.stakes], played.sticks)
        for k, table in enumerate(tables):
            write(table, tmp_path / f"{k}.parquet")
        found.append([(tmp_path / f"{k}.parquet").read_bytes() for k in range(2)])
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_policy_composes_and_plays_on_either_side(name):
    lab = escalation()
    sides = [f"policy@talks.china.moves.{side}={name}" for side in ("demander", "partner")]
    node = load([*ESCALATION, *sides]).config.talks["china"].moves
    bare, first = lab.stakes[0], lab.stakes[0].agenda.moves
    for policies in ((node.demander, first.policies[1]), (first.policies[0], node.partner)):
        agenda = replace(bare.agenda, moves=replace(first, policies=policies))
        players = {code: (c.strategy, lab.types[code]) for code, c in lab.config.countries.items()}
        talk = play([replace(bare, agenda=agenda)], lab.config.protocol, players, seed=1, worlds=20).talks[0]
        assert (talk.ending >= 0).all() and (talk.sticks.record[0] >= 0).all()


@pytest.mark.parametrize(
    "answer, got",
    [
        (lambda view: np.zeros(len(view) + 1, dtype=int), r"int64 of shape \(3,\)"),
        (lambda view: np.zeros(len(view)), r"float64 of shape \(2,\)"),
        (lambda view: 1, r"int64 of shape \(\)"),
        (lambda view: np.full(len(view), 4), "rungs 4 to 4"),
        (lambda view: np.full(len(view), -1), "rungs -1 to -1"),
    ],
)
def test_a_policy_that_answers_something_else_is_named(answer, got):
    said = rf"stick policy Told of B in talk pie, round 2:\nmove returned {got}\nexpected one whole number .*0 to 3"
    with pytest.raises(ValueError, match=said):
        paths((Wait(), Told(answer)))


def test_a_wrong_policy_of_ones_own_stops_the_run_and_nothing_is_written(tmp_path, capsys):
    (own := tmp_path / "own").mkdir()
    text = (CONFIGS.parent / "agents" / "sticks" / "policies.py").read_text(encoding="utf-8")
    (own / "wrong_policy.py").write_text(text.replace("return view.own\n", "return view.own + 0.5\n"), encoding="utf-8")
    side = "talks.china.moves.demander"
    words = [*ESCALATION, f"policy@{side}=wait", f"{side}._target_=wrong_policy.Wait", "--plugins", str(own)]
    assert main(["run", *words, "--out", str(tmp_path / "a" / "run")]) == 2
    told = capsys.readouterr().err
    assert "stick policy Wait of USA in talk china, round 2" in told and "float64" in told and "0 to 3" in told
    assert not (tmp_path / "a").exists() and len(told.splitlines()) <= 6


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run folder of the escalation, with collapses."""
    place = tmp_path_factory.mktemp("runs") / "escalation"
    return running.run(load([*ESCALATION, *HALF]), Options(out=place, silent=True))


def test_the_table_of_sticks_is_counts_over_worlds(finished):
    table = pd.read_parquet(finished / "sticks.parquet")
    assert list(table.columns) == [c.name for c in STICKS] and table.notna().all(axis=None)
    talk = escalation(*HALF).play(0, 40).talks[0]
    for row in table.itertuples():
        side, record = talk.agenda.pair.index(row.country), talk.sticks.record[row.round - 1]
        here = [k for k in range(40) if talk.closed[k] + (talk.ending[k] != COLLAPSE) >= row.round]
        rates = sorted(100 * talk.sticks.rates[side][record[k, side]] for k in here)
        flows = [talk.sticks.flow[side][talk.seats[side].types[k]][tuple(record[k])] / 1e6 for k in here]
        assert row.worlds == len(here) and row.mean_pct == pytest.approx(math.fsum(rates) / len(here))
        assert row.flow == pytest.approx(math.fsum(flows) / len(here), abs=1e-9)
        for q in (10, 25, 50, 75, 90):
            assert getattr(row, f"q{q}_pct") == pytest.approx(rates[math.ceil(q / 100 * len(here)) - 1])
        assert row.deals == sum(talk.ending[k] == DEAL and talk.closed[k] == row.round - 1 for k in range(40))


def test_a_run_without_moves_has_no_table_of_sticks(tmp_path):
    loaded = load(["experiment=classroom", "worlds=3", "figures=false"])
    place = running.run(loaded, Options(out=tmp_path / "run", silent=True))
    assert not (place / "sticks.parquet").exists() and read_run(place).sticks is None


def test_the_story_says_what_the_tariffs_did_and_nothing_of_a_ladder(finished):
    text, rows = (finished / "summary.md").read_text(), pd.read_parquet(finished / "talks.parquet")
    rates = rows["demander_tariff_in_force_pct"]
    assert f"United States {rates.mean():.0f} % on average, {rates.max():.0f} % at the highest, 30 % at first." in text
    cost = [number(rows[f"{side}_no_deal_expected"].mean(), 1, sign=True) for side in ("demander", "partner")]
    assert f"A year of them is worth {cost[0]} to United States and {cost[1]} to China on average" in text
    assert f"{100 * rows['deal'].mean():.0f} % of worlds came to a truce" in text and "carried out instead" not in text


def test_the_figure_shows_rates_flows_and_truces_and_the_record_where_the_rungs_are_its(finished):
    run = read_run(finished)
    fig = tariffs_in_force(run.sticks, talk="china", count=40, days_per_round=3.0)[0].get_figure()
    own = run.sticks[run.sticks["country"] == "USA"]
    line = fig.axes[0].lines[0]
    assert line.get_xdata().tolist() == [3.0 * r for r in range(len(own) + 1)]
    assert line.get_ydata()[:-1] == pytest.approx(own["mean_pct"]) and "Days" in fig.get_supxlabel()
    assert truces(own, 40)[-1] == pytest.approx(run.talks["deal"].mean())
    assert on_record(run.config, "china") and not on_record({"talks": {"china": {}}}, "china")
    assert "No tariff moves" in tariffs_in_force(run.sticks, talk="x", count=1)[0].texts[0].get_text()
