"""Theory of every cell of a sweep: what the concepts say of each cell alone, at the cost of what differs."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments.build import build
from experiments.compose import load
from experiments.concepts import concepts, surplus_share
from experiments.meeting import meeting, meetings
from experiments.sweep import theory as sweep_theory
from experiments.sweep.theory import CONCEPTS, theory, write_theory
from sim import states
from sim.solutions.credibility import leverage

JAPAN = load(("talks=us_japan",)).config


def changed(config, *, stick=None, rates=None, economy=None, protocol=None, japan=None):
    """A configuration with parts of every stick, Japan or its discount rates, the economy or the protocol replaced."""
    update = {}
    if japan:
        update["countries"] = {**config.countries, "JPN": config.countries["JPN"].model_copy(update=japan)}
    if stick:
        own = lambda talk: talk.model_copy(update={"stick": talk.stick.model_copy(update=stick)})  # noqa: E731
        update["talks"] = {name: own(talk) for name, talk in config.talks.items()}
    if rates:
        japan = config.countries["JPN"]
        listed = japan.types.discount_rate_per_year.model_copy(update={"values": rates})
        types = japan.types.model_copy(update={"discount_rate_per_year": listed})
        update["countries"] = {**config.countries, "JPN": japan.model_copy(update={"types": types})}
    if economy:
        update["economy"] = config.economy.model_copy(update=economy)
    if protocol:
        update["protocol"] = protocol
    return config.model_copy(update=update)


def cells(configs):
    return [SimpleNamespace(number=k, config=config) for k, config in enumerate(configs)]


def alone(config, number: int) -> list[dict]:
    """What concepts() says of one cell, in the columns of theory.parquet."""
    out = []
    for met in meetings(build(config)):
        found = {c.key: c for c in concepts(met)}
        stick, floor = leverage(met.impasse, met.stick), found["no_deal"].payoffs
        row = {"cell": number, "talk": met.name, "zone": found["nash"].row >= 0, "leverage": float(stick.ratio)}
        row |= {"demander_no_deal": floor[0], "partner_no_deal": floor[1], "credible": bool(stick.credible)}
        for key in CONCEPTS:
            one = found[key]
            row |= {f"{key}_demander_utility": one.payoffs[0], f"{key}_partner_utility": one.payoffs[1]}
            row[f"{key}_demander_surplus_share"] = surplus_share(one, floor)
            if one.row >= 0:
                grid = met.table.grid
                row |= {f"{key}_{i.column}": i.shown[grid.index[one.row, k]] for k, i in enumerate(grid.issues)}
        out.append(row)
    return out


def agrees(configs):
    found = theory(cells(configs)).to_pandas()
    wanted = pd.DataFrame([row for k, config in enumerate(configs) for row in alone(config, k)])
    assert found[["cell", "talk", "zone", "credible"]].equals(wanted[["cell", "talk", "zone", "credible"]])
    for name in wanted.columns.difference(["cell", "talk", "zone", "credible"]):
        known = wanted[name].notna()
        assert found.loc[known, name].to_numpy() == pytest.approx(wanted.loc[known, name].to_numpy(), abs=1e-9), name
    return found


def test_each_cell_as_if_it_were_alone():
    steps = itertools.product((5.0, 24.0), (0.0, 80.0), ((0.05,), (0.3, 2.0)))
    agrees([changed(JAPAN, stick={"threat_pct": t, "belief_pct": b}, rates=r) for t, b, r in steps])


def test_cells_that_differ_in_what_a_country_wants_or_in_how_long_deals_last():
    heavy = JAPAN.countries["JPN"].weights.model_copy(update={"concession": 3.0})
    short_lived = JAPAN.protocol.__class__(**{**vars(JAPAN.protocol), "reopen_rate_per_year": 12.0})
    agrees(
        [
            JAPAN,
            changed(JAPAN, japan={"audience_cost_busd": 20.0}),
            changed(JAPAN, japan={"weights": heavy}),
            changed(JAPAN, protocol=short_lived, rates=(9.0,)),
        ]
    )


def test_several_talks_an_outside_option_another_economy_and_another_clock():
    three, short = load(()).config, load(("protocol=ultimatum",)).config.protocol
    agrees(
        [
            three,
            changed(three, stick={"resolve_pct": 10.0}, protocol=short),
            changed(three, economy={"trade_elasticity": 3.0}),
            changed(JAPAN, stick={"outside_option_partner_busd": -8.0}),
            changed(JAPAN, stick={"outside_option_partner_busd": 500.0}),
        ]
    )


def test_a_drawn_package_has_the_level_to_be_expected():
    found = theory(cells([JAPAN])).to_pandas().iloc[0]
    met = meetings(build(JAPAN))[0]
    from sim.solutions.subgame import subgame_perfect

    played, shown = subgame_perfect(met.u, met.game()), met.table.grid.issues[0].shown
    level = played.agreed * shown[met.table.grid.index[np.maximum(played.offer, 0), 0]]
    assert found["subgame_perfect_deal_rate"] == pytest.approx(played.agreed.sum())
    assert found["subgame_perfect_us_tariff_pct"] == pytest.approx(level.sum() / played.agreed.sum())


def test_what_does_not_move_trade_is_not_solved_again(monkeypatch):
    solved = []
    whole = states.solve
    monkeypatch.setattr(states, "solve", lambda *a: solved.append(len(a[1])) or whole(*a))
    beliefs = [changed(JAPAN, stick={"belief_pct": b}, rates=(r,)) for b in (0.0, 50.0) for r in (0.1, 0.4)]
    met = []
    monkeypatch.setattr(sweep_theory, "meeting", lambda *a: met.append(a) or meeting(*a))
    theory(cells(beliefs))
    assert len(met) == 1
    assert sum(solved) == build(JAPAN).assessor.count == sum(solved[:1])
    solved.clear()
    theory(cells([changed(JAPAN, stick={"threat_pct": t}) for t in (24.0, 30.0, 36.0)]))
    assert sum(solved) == build(JAPAN).assessor.count + 2


def test_patience_alone_does_not_move_a_bit_of_the_nash_package():
    configs = [changed(JAPAN, rates=r) for r in ((0.1,), (0.1, 0.2, 0.7), (3.0, 1.0))]
    rows = []
    for first in range(3):  # the cells of a batch rest on the first of them
        found = theory(cells(configs[first:] + configs[:first])).to_pandas()
        own = found[[c for c in found if c.startswith("nash_demander") or c.endswith("no_deal")]]
        rows.append(own)
    assert (pd.concat(rows) == rows[0].iloc[0]).all(axis=None)


def test_a_cell_whose_economy_cannot_be_is_left_out(tmp_path):
    hopeless = changed(JAPAN, economy={"flows_csv": "nowhere.csv", "source": None, "regions_csv": "nowhere.csv"})
    with pytest.raises(ValueError):
        build(hopeless)
    write_theory(cells([hopeless, JAPAN]), tmp_path)
    assert pd.read_parquet(tmp_path / "theory.parquet")["cell"].tolist() == [1]
