"""Beliefs of learners in the results: Bayes' rule by hand, nothing changed by watching, mixtures, chunks, files."""

import numpy as np
import pandas as pd
import pytest

from agents.country import Country
from agents.strategies.bayesian import Bayesian
from agents.strategies.hardliner import Hardliner
from agents.strategies.mixture import Mixture
from agents.strategies.time_based import TimeBased
from agents.strategies.trembling import Trembling
from experiments import build as assembling
from experiments import run as running
from experiments.compose import load
from experiments.options import Options
from experiments.plot import figures
from experiments.plot import read as read_run
from experiments.run import play as play_run
from sim.columns import BELIEFS
from sim.digest_beliefs import Beliefs, beliefs_table, learns
from sim.model import Talks
from sim.plots.beliefs import beliefs_by_round, true_beliefs
from sim.results import talks_table, write
from tests.talk_worlds import april, random_stakes, random_types
from tests.test_learning import IN_TURN, by_hand

LEARNERS = ("information=types", "figures=false", "worlds=30", "strategy@countries.USA.strategy=bayesian")
OTHER = TimeBased(exponent=1.0, flexibility_pct=0.0)


def watched(strategy, seed=3, worlds=12, watch=True, other=OTHER):
    """A random talk with a learner as demander, played with a watcher; the talk and its beliefs as a frame."""
    rng = np.random.default_rng(seed)
    stakes = random_stakes(rng, outside=0.0, coarse=False)
    model = Talks(IN_TURN, seed=seed, worlds=worlds, information="types")
    for code, own in (("A", strategy), ("B", other)):
        Country(model, code, own, random_types(rng))
    seen = Beliefs()
    model.watch = (seen,) if watch else ()
    talk = model.open((stakes,)).run_model().talks[0]
    return talk, beliefs_table([talk.agenda], seen.counts).to_pandas()


def many(strategy, **more):
    """Random talks in which each type of the other side has something to gain, and there are several."""
    for seed in range(30):
        talk, frame = watched(strategy, seed, **more)
        prior = talk.common[0].prior
        if len(prior.probability) > 1 and (prior.ranked.best > prior.no_deal).all():
            yield talk, frame


def test_the_table_is_bayes_rule_by_hand_over_the_worlds_still_open():
    rule, checked = Bayesian(noise_pct=30.0, exponent=0.2), 0
    for talk, frame in many(rule):
        true = talk.countries[1].type_index
        for (turn, kind), rows in frame[frame["round"] > 0].groupby(["round", "true_type"]):
            lived = [w for w in range(12) if talk.closed[w] + (talk.ending[w] != 2) >= turn and true[w] == kind]
            due = np.mean([by_hand(talk, rule, w, turn) for w in lived], axis=0)
            assert (rows["worlds"] == len(lived)).all() and rows["belief"].to_numpy() == pytest.approx(due, abs=2e-9)
            checked += 1
    assert checked > 50


def test_before_the_first_round_stands_the_prior_and_beliefs_add_up_to_one():
    for talk, frame in many(Bayesian()):
        start = frame[frame["round"] == 0].groupby("type")["belief"].first()
        assert start.to_numpy() == pytest.approx(talk.common[0].prior.probability, abs=1e-9)
        total = frame.groupby(["round", "true_type"])["belief"].sum()
        assert total.to_numpy() == pytest.approx(1.0, abs=1e-8)
        assert set(frame["learner"]) == {"A"} and set(frame["about"]) == {"B"}


def test_watching_changes_nothing():
    for seed in range(10):
        one, two = (watched(Bayesian(exponent=0.5), seed, watch=w)[0].model for w in (True, False))
        assert talks_table(one).equals(talks_table(two))
        assert (one.talks[0].history.offers == two.talks[0].history.offers).all()


def test_at_a_hub_learners_are_asked_on_the_tables_they_play_on():
    """Deals elsewhere change what packages are worth: watching still changes nothing, and beliefs add up to one."""
    lab = april("us_three", "experiment=three_tables", *LEARNERS)
    seen, plain = lab.play(0, 30, watch=(Beliefs,)), lab.play(0, 30)
    assert talks_table(seen).equals(talks_table(plain))
    frame = beliefs_table([s.agenda for s in lab.stakes], seen.watch[0].counts).to_pandas()
    assert set(frame["talk"]) == {"japan", "eu", "china"}
    assert frame.groupby(["talk", "round", "true_type"])["belief"].sum().to_numpy() == pytest.approx(1.0, abs=1e-8)
    count = frame[frame["type"] == 0].groupby(["talk", "round"])["worlds"].sum()
    for talk in seen.talks:
        for turn in range(1, int(talk.closed.max()) + 1):
            ended = talk.ending >= 0
            assert count[talk.name, turn] == np.sum(~ended | (talk.closed + (talk.ending == 0) >= turn))


def test_in_a_mixture_the_worlds_that_learn_are_those_that_drew_the_learner():
    """Those worlds go as if everybody had learnt: their beliefs are a part of the ones then held."""
    rule = Bayesian(exponent=0.2)
    mixed = Mixture(strategies=(Hardliner(demand_pct=99.0), rule), probabilities=(0.6, 0.4))
    seen = 0
    for (talk, frame), (alone, _) in zip(many(mixed, worlds=40), many(rule, worlds=40)):
        drew = np.flatnonzero(mixed.drawn(talk.view(0, np.arange(40))) == 1)
        true = talk.countries[1].type_index
        first = frame[frame["round"] == 1].drop_duplicates("true_type")
        assert first["worlds"].sum() == len(drew) and 0 < len(drew) < 40
        assert (talk.history.offers[drew] == alone.history.offers[drew]).all()
        for kind, rows in frame[frame["round"] == 1].groupby("true_type"):
            mine = [w for w in drew if true[w] == kind]
            due = np.mean([by_hand(alone, rule, w, 1) for w in mine], axis=0)
            assert rows["belief"].to_numpy() == pytest.approx(due, abs=2e-9)
            seen += 1
    assert seen > 10


def test_a_learner_whose_hand_slips_still_learns_and_sides_that_do_not_learn_leave_nothing():
    assert learns(Trembling(strategies=(Bayesian(),))) and not learns(Trembling(strategies=(OTHER,)))
    _, frame = next(many(Trembling(strategies=(Bayesian(),), error_pct=10.0)))
    assert frame[frame["round"] == 1].drop_duplicates("true_type")["worlds"].sum() == 12
    assert watched(OTHER)[1].empty


def test_the_file_is_the_same_bytes_whatever_the_chunks(monkeypatch, tmp_path):
    lab, found = april("us_three", *LEARNERS), []
    for size in (30, 7, 1):
        monkeypatch.setattr(assembling, "CHUNK", size)
        table = beliefs_table([s.agenda for s in lab.stakes], play_run(lab, silent=True).beliefs)
        write(table, tmp_path / "beliefs.parquet")
        found.append((tmp_path / "beliefs.parquet").read_bytes())
    assert found[0] == found[1] == found[2]


def test_a_run_with_a_learner_leaves_its_beliefs_and_draws_them(tmp_path):
    place = running.run(load(["talks=us_japan", *LEARNERS]), Options(out=tmp_path / "run", silent=True))
    frame = pd.read_parquet(place / "beliefs.parquet")
    assert list(frame.columns) == [c.name for c in BELIEFS] and frame.notna().all(axis=None)
    assert set(frame["talk"]) == {"japan"} and set(frame["learner"]) == {"USA"} and frame["round"].min() == 0
    assert "beliefs" in [name for name, _ in figures(read_run(place))]
    plain = running.run(load(["experiment=classroom", "worlds=3", "figures=false"]), Options(out=tmp_path / "plain"))
    assert not (plain / "beliefs.parquet").exists()
    assert "beliefs" not in [name for name, _ in figures(read_run(plain))]


def test_the_figure_shows_the_mean_over_worlds_and_the_prior_of_the_same_worlds():
    rows = []
    for turn, open_, chances in ((0, (30, 10), (0.25, 0.75)), (1, (10, 10), (0.5, 0.9))):
        for kind, (count, chance) in enumerate(zip(open_, chances)):
            for other in (0, 1):
                belief = chance if other == kind else 1 - chance
                rows.append(("japan", turn, "USA", "JPN", kind, other, count, belief))
    frame = pd.DataFrame(rows, columns=[c.name for c in BELIEFS])
    found = true_beliefs(frame)
    assert found["belief"].tolist() == pytest.approx([(30 * 0.25 + 10 * 0.75) / 40, 0.7])
    assert found["prior"].tolist() == pytest.approx([0.375, 0.5]) and found["worlds"].tolist() == [40, 20]
    (ax,) = beliefs_by_round(frame)
    drawn = [line.get_ydata().tolist() for line in ax.lines]
    assert pytest.approx([37.5, 70.0]) in drawn and pytest.approx([37.5, 50.0]) in drawn and len(drawn) == 4
    assert "learnt anything" in beliefs_by_round(frame.iloc[:0])[0].texts[0].get_text()
