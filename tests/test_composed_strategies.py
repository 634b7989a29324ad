"""Strategies made of other strategies: mixtures drawn once a world, hands that slip; and how YAML builds them."""

import time

import numpy as np
import pytest

from agents.country import Country
from agents.strategies.hardliner import Hardliner
from agents.strategies.mixture import Mixture
from agents.strategies.rational import Rational
from agents.strategies.screener import Screener
from agents.strategies.time_based import TimeBased
from agents.strategies.trembling import Trembling
from experiments.compose import load, plain, validate
from experiments.messages import UserError
from sim.model import Talks
from sim.protocols.alternating import AlternatingOffers
from sim.view import NONE
from tests.talk_worlds import april

FIRM, SOFT, HARD = TimeBased(exponent=0.3), TimeBased(exponent=5.0), Hardliner(demand_pct=70.0)


def japan(mine, worlds=4000, theirs=FIRM, first=0, information="private"):
    """The talk of the US with Japan, Japan playing `mine`."""
    lab = april("us_japan")
    model = Talks(lab.config.protocol, seed=7, worlds=worlds, first=first, information=information)
    for code, strategy in (("USA", theirs), ("JPN", mine)):
        Country(model, code, strategy, lab.types[code])
    return model.open(lab.stakes).run_model().talks[0]


def same(one, two, worlds):
    """Whether two talks went the same in these worlds."""
    return all((getattr(one, name)[worlds] == getattr(two, name)[worlds]).all() for name in ("row", "ending", "closed"))


def parts_of(talk, mixture):
    """The part drawn in every world."""
    return mixture.drawn(talk.view(1, np.arange(len(talk.row))))


def test_each_world_of_a_mixture_is_a_world_of_the_part_drawn():
    mixture = Mixture(strategies=(FIRM, SOFT, HARD), probabilities=(0.2, 0.5, 0.3))
    talk = japan(mixture)
    part = parts_of(talk, mixture)
    for index, strategy in enumerate(mixture.strategies):
        assert same(talk, japan(strategy), part == index)
        p = mixture.probabilities[index]
        assert abs((part == index).mean() - p) < 3 * np.sqrt(p * (1 - p) / 4000)


def test_mixtures_of_mixtures_draw_independently_at_each_depth():
    inner = Mixture(strategies=(FIRM, SOFT), probabilities=(0.5, 0.5))
    outer = Mixture(strategies=(inner, HARD), probabilities=(0.5, 0.5))
    talk = japan(outer)
    chosen, below = parts_of(talk, outer), parts_of(talk, inner)
    counts = np.bincount(2 * chosen + below, minlength=4) / 4000
    assert counts == pytest.approx(np.full(4, 0.25), abs=0.03)
    assert same(talk, japan(SOFT), (chosen == 0) & (below == 1)) and same(talk, japan(HARD), chosen == 1)


def test_a_mixture_needs_what_its_parts_need():
    assert Mixture(strategies=(FIRM, Screener()), probabilities=(0.5, 0.5)).needs == "types"
    deep = Trembling(strategies=(Mixture(strategies=(Rational(), FIRM), probabilities=(0.5, 0.5)),))
    assert deep.needs == "complete" and deep.protocols == ("AlternatingOffers",)
    with pytest.raises(ValueError, match="set information=complete"):
        Country(Talks(AlternatingOffers(), seed=1, worlds=1, information="types"), "A", deep, None)


def test_mixtures_are_fast():
    """The least that is asked: 50,000 world-talks a second on one core; several times that is usual."""
    mixture = Mixture(strategies=(FIRM, SOFT, HARD), probabilities=(0.2, 0.5, 0.3))
    japan(mixture, worlds=32_768)
    took = []
    for _ in range(2):
        start = time.process_time()
        japan(mixture, worlds=32_768, theirs=mixture, first=32_768)
        took.append(time.process_time() - start)
    assert 32_768 / min(took) > 50_000


def test_a_hand_that_never_slips_is_the_strategy_itself():
    assert same(japan(Trembling(strategies=(SOFT,), error_pct=0.0)), japan(SOFT), slice(None))


@pytest.mark.parametrize("error", [10.0, 60.0, 100.0])
def test_errors_come_as_often_as_told_and_are_any_package_or_the_opposite_answer(error):
    rule = Trembling(strategies=(HARD,), error_pct=error)
    talk = japan(rule)
    view, turned = talk.view(1, np.arange(4000)), np.arange(4000) % len(talk.agenda.grid)
    due, said = HARD.offer(view, HARD.target(view)), rule.offer(view, rule.target(view))
    share, count = error / 100, len(talk.agenda.grid)
    wrong = share * (1 - 1 / count)  # an error may hit the right package
    assert abs((due != said).mean() - wrong) < 4 * np.sqrt(wrong * (1 - wrong) / 4000) + 1e-12
    assert abs(said[due != said].mean() - (count - 1) / 2) < 4 * count / np.sqrt(12 * (due != said).sum())
    flipped = HARD.accept(view, HARD.target(view), turned) != rule.accept(view, rule.target(view), turned)
    assert abs(flipped.mean() - share) <= 4 * np.sqrt(share * (1 - share) / 4000)
    assert (said != NONE).all()


MIXED = ["experiment=classroom", "strategy@countries.A.strategy=mixture"]
ITEM = "countries.A.strategy.strategies=[{_target_: agents.strategies.%s}]"


def test_yaml_builds_what_is_nested_and_it_reads_back_the_same():
    loaded = load([*MIXED, "strategy@countries.B.strategy=trembling"])
    mixture = loaded.config.countries["A"].strategy
    assert [s.exponent for s in mixture.strategies] == [0.5, 5.0]
    assert loaded.resolved["countries"]["A"]["strategy"]["strategies"][1]["exponent"] == 5.0
    again = validate(loaded.resolved, {})
    assert again == loaded.config and plain(again) == loaded.resolved


@pytest.mark.parametrize(("override", "told"), [
    (ITEM % "time_based.TimeBased, exponent: -1", "strategies.0.exponent: -1 is out of range; allowed: above 0 to 100"),
    (ITEM % "time_based.TimeBased, exponant: 1", "strategies.0.exponant: no such key; did you mean 'exponent'?"),
    (ITEM % "time_base.TimeBased", "did you mean 'agents.strategies.time_based.TimeBased'?"),
    (ITEM % "base.Strategy", "'agents.strategies.base.Strategy' is not a strategy"),
    (ITEM % "mixture.Mixture, strategies: [{_target_: os.system}], probabilities: [1.0]",
     "'os.system' may not be used"),
    (ITEM % "mixture.Mixture, strategies: [{_target_: agents.strategies.hardliner.Hardliner, demand_pct: 101}]",
     "countries.A.strategy.strategies.0.strategies.0.demand_pct: 101 is out of range; allowed: 0 to 100 %"),
    ("countries.A.strategy.strategies=[3]", "strategies.0"),
    ("countries.A.strategy.probabilities=[0.5,0.6]", "the probabilities add up to 1.1; they must add up to 1"),
    ("countries.A.strategy.probabilities=[1.0]", "1 probabilities for 2 strategies; give one for each"),
])  # fmt: skip
def test_a_mistake_inside_is_told_with_the_whole_path(override, told):
    with pytest.raises(UserError) as caught:
        load([*MIXED, override])
    assert told in str(caught.value) and len(str(caught.value).splitlines()) <= 6
