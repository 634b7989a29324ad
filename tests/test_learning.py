"""The Bayesian side: Bayes' rule by hand, each offer counted once, types found, offers that suit them."""

import math

import numpy as np
import pytest

from agents.country import Country, StrategyError
from agents.strategies.bayesian import Bayesian
from agents.strategies.hardliner import Hardliner
from agents.strategies.time_based import TimeBased
from sim.model import Talks
from sim.protocols.alternating import AlternatingOffers
from tests.talk_worlds import random_stakes, random_types

IN_TURN = AlternatingOffers(rounds=10, proposer="partner_first")


def seated(seed, learner, other, worlds=200, protocol=IN_TURN):
    """A random talk with the learner as demander, opened and not yet played; four types of the other side."""
    rng = np.random.default_rng(seed)
    stakes = random_stakes(rng, outside=0.0, coarse=False)
    while len(stakes.agenda.grid) < 12:
        stakes = random_stakes(rng, outside=0.0, coarse=False)
    model = Talks(protocol, seed=seed, worlds=worlds, information="types")
    for code, strategy in (("A", learner), ("B", other)):
        Country(model, code, strategy, random_types(rng))
    return model.open((stakes,)).talks[0]


def by_hand(talk, rule, world, rounds):
    """The belief (K,) in one world, from Bayes' rule with plain sums over packages."""
    prior, chances = talk.common[0].prior, []
    for k, start in enumerate(prior.probability):
        worth, floor = [u / 1e6 for u in prior.ranked.micro[k]], prior.no_deal[k] / 1e6
        span, chance = max(max(worth) - floor, 1e-6), start
        for turn in range(rounds):
            if talk.history.speaker[world, turn] == 1 and talk.history.offers[world, turn] >= 0:
                asked = max(worth) - (turn / 10) ** (1 / rule.other_exponent) * (max(worth) - floor)
                weigh = [math.exp(-0.5 * ((u - asked) / (rule.noise_pct / 100 * span)) ** 2) for u in worth]
                chance *= weigh[talk.history.offers[world, turn]] / sum(weigh)
        chances.append(chance)
    return np.array(chances) / sum(chances)


@pytest.mark.parametrize("protocol", [IN_TURN, AlternatingOffers(rounds=10)])
@pytest.mark.parametrize("other", [TimeBased(exponent=1.0, flexibility_pct=0.0), Hardliner(demand_pct=90.0)])
def test_the_belief_is_bayes_rule_and_counts_each_offer_once(other, protocol):
    tried = 0
    for seed in range(8):
        rule = Bayesian(noise_pct=30.0, other_exponent=2.0)
        talk = seated(seed, rule, other, worlds=6, protocol=protocol)
        if talk.common[0].prior.ranked.best.min() < talk.common[0].prior.no_deal.max():
            continue  # a type with nothing to gain asks for nothing
        for turn in range(6):
            open_ = talk.open_worlds()
            if len(open_):
                rule.likeliest(talk.view(0, open_))
                rule.target(talk.view(0, open_[::-1]))  # asked twice, in another order: heard once
                for world in open_:
                    due = by_hand(talk, rule, world, turn)
                    got = rule.belief(talk.view(0, np.array([world])))[0]
                    assert got == pytest.approx(due, abs=1e-9)
                    tried += int(turn > 0)
            talk.model.step()
    assert tried > 10


def test_types_are_found_out_from_what_they_ask_for():
    """The chance given to the true type rises from the prior, on average over worlds and talks."""
    before, after, right, guess = [], [], [], []
    for seed in range(25):
        rule = Bayesian(exponent=0.1, noise_pct=5.0)
        talk = seated(seed, rule, TimeBased(exponent=1.0, flexibility_pct=0.0))
        prior, kind = talk.common[0].prior, talk.seats[1].types
        if len(prior.probability) < 2 or (prior.ranked.best < prior.no_deal).any():
            continue
        for _ in range(5):
            talk.model.step()
        open_ = talk.open_worlds()
        if not len(open_):
            continue
        view = talk.view(0, open_)
        belief = rule.belief(view)
        assert belief.sum(axis=1) == pytest.approx(np.ones(len(open_)))
        before.append(prior.probability[kind[open_]].mean())
        after.append(belief[np.arange(len(open_)), kind[open_]].mean())
        right.append((rule.likeliest(view) == kind[open_]).mean())
        guess.append((prior.probability.argmax() == kind[open_]).mean())
    assert len(after) > 5
    assert np.mean(after) > np.mean(before) + 0.25 and np.mean(right) > np.mean(guess) + 0.25


def test_offers_are_the_best_for_the_likeliest_type_of_those_worth_the_target():
    for seed in range(10):
        rule = Bayesian(exponent=2.0)
        talk = seated(seed, rule, TimeBased(exponent=0.5), worlds=20)
        for _ in range(4):
            open_ = talk.open_worlds()
            if not len(open_):
                break
            view = talk.view(0, open_)
            target, kind = rule.target(view), rule.likeliest(view)
            for row, wanted, own, other, least in zip(rule.offer(view, target), target, view.types, kind, view.floor):
                enough = talk.seats[0].ranked.micro[own] >= min(wanted, talk.seats[0].ranked.best[own])
                theirs = talk.common[0].prior.ranked.micro[other]
                if row >= 0:
                    assert enough[row] and theirs[row] == theirs[enough].max()
                else:
                    assert talk.seats[0].ranked.best[own] < least
            talk.model.step()


def test_knowing_types_helps_the_other_side_too():
    """Against the same opponent, more worlds agree than with least-surplus offers that know nothing of types."""
    deals = []
    for strategy in (Bayesian(), TimeBased(exponent=1.0, flexibility_pct=0.0)):
        made = 0
        for seed in range(30):
            talk = seated(seed, strategy, TimeBased(exponent=0.5, flexibility_pct=0.0), worlds=40)
            talk.model.run_model()
            made += int((talk.ending == 0).sum())
        deals.append(made)
    assert deals[0] > deals[1]


def test_where_types_are_not_a_finite_list_what_to_set_is_told():
    rng = np.random.default_rng(1)
    model = Talks(IN_TURN, seed=1, worlds=3, information="types")
    Country(model, "A", Bayesian(), random_types(rng))
    Country(model, "B", TimeBased(), random_types(rng, spread=0.2))
    talk = model.open((random_stakes(rng),)).talks[0]
    with pytest.raises(StrategyError) as told:
        talk.countries[0].propose(talk.view(0, np.arange(3)))
    assert "weight_spread_pct=0" in str(told.value) and len(str(told.value).splitlines()) <= 6
