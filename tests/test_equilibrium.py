"""`bargain equilibrium`: a folder whole or not at all, the same bytes twice, tables that agree, and its curves."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments import cli, curves, equilibrium
from experiments.build import build
from experiments.compose import load
from experiments.concepts import concepts
from experiments.curves import AXES, CURVE_WORLDS, vary
from experiments.meeting import meetings
from experiments.network import worth_of_place
from experiments.options import Options
from tests.theory_worlds import lab, talk

PLAIN = ("figures=false", "worlds=20")
APRIL = ("worlds=20",)
PIE = ("experiment=classroom", *PLAIN)
ONE = ("talks=us_japan", *PLAIN)
ALWAYS = {"beliefs.csv", "concepts.csv", "curves.csv", "equilibrium.md", "ladder.csv", "manifest.json"}
ALWAYS |= {"packages.parquet", "points.parquet", "run.json"}
WAR = {"war.csv", "war_economies.csv"}
SIDES = ("demander_utility", "partner_utility")
WRITTEN = 1e-6  # what six digits of a CSV leave open


def made(place, *overrides):
    return equilibrium.equilibrium(load(overrides), Options(out=place, silent=True))


def quick(place, *overrides):
    """The same with two points a curve."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "AXES", tuple(replace(axis, values=axis.values[2:4]) for axis in AXES))
        return made(place, *overrides)


def contents(folder):
    """Bytes of every file of a folder by its name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def april(tmp_path_factory):
    return made(tmp_path_factory.mktemp("theory") / "april", *PLAIN)


@pytest.fixture(scope="module")
def pie(tmp_path_factory):
    return quick(tmp_path_factory.mktemp("theory") / "pie", *PIE)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    return quick(tmp_path_factory.mktemp("theory") / "one", *ONE)


def test_three_talks_leave_every_file(april):
    assert set(contents(april)) == ALWAYS | WAR | {"orders.csv"}
    assert list(april.parent.iterdir()) == [april]
    text = (april / "equilibrium.md").read_text(encoding="utf-8")
    for words in (
        "## japan: ",
        "## eu: ",
        "## china: ",
        "## All talks together",
        "The ladder:",
        "Nash-in-Nash: converged",
    ):
        assert words in text
    assert not re.search(r"\b(nan|None|inf)\b", text)


def test_one_talk_has_no_network(one):
    assert set(contents(one)) == ALWAYS | WAR
    text = (one / "equilibrium.md").read_text(encoding="utf-8")
    assert "- Nash-in-Nash:" not in text and "All talks together" not in text and "The ladder:" in text


def test_a_pie_has_neither_ladder_nor_network_nor_war(pie):
    assert set(contents(pie)) == ALWAYS
    assert pd.read_csv(pie / "ladder.csv").empty
    assert set(pd.read_csv(pie / "curves.csv")["axis"]) == {"patience"}  # neither stick nor answer to vary
    text = (pie / "equilibrium.md").read_text(encoding="utf-8")
    assert "No stick: without a deal what the interim gives goes on." in text
    assert not any(words in text for words in ("ladder", "strikes", "Rational threats", "war"))
    assert json.loads((pie / "manifest.json").read_text())["trade_states_solved"] == 0


def test_the_same_bytes_twice_but_for_the_circumstances(one, pie, tmp_path):
    for first, overrides in ((one, ONE), (pie, PIE)):
        once, again = contents(first), contents(quick(tmp_path / first.name, *overrides))
        assert set(once) == set(again)
        assert [name for name in once if once[name] != again[name]] in ([], ["run.json"])


@pytest.mark.parametrize("step", ["made", "_work", "write_json", "circumstances"])
def test_an_error_in_the_middle_leaves_nothing(step, tmp_path, monkeypatch):
    def breaks(*args, **more):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(equilibrium, step, breaks)
    with pytest.raises(RuntimeError):
        made(tmp_path / "a" / "b", *PIE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["worlds=many"], "worlds"),
        (["talks=us_japn"], "us_japan"),
        (["talks.japan.stick.thread_pct=3"], "threat_pct"),
        (["-m", "seed=1,2"], "-m"),
        (["--outt", "x"], "--out"),
    ],
)
def test_mistakes_end_with_two_and_few_words(words, said, capsys):
    assert cli.main(["equilibrium", *words]) == 2
    told = capsys.readouterr()
    assert said in told.err and len(told.err.strip().splitlines()) <= 6 and told.out == ""


def test_the_command_prints_what_it_writes(tmp_path, capsys):
    assert cli.main(["equilibrium", *PIE, "--out", str(tmp_path / "x")]) == 0
    text = (tmp_path / "x" / "equilibrium.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"{text}\n\nresults: {tmp_path / 'x'}\n"


def test_the_table_of_concepts_is_what_the_concepts_say(april):
    table = pd.read_csv(april / "concepts.csv")
    for name, own in table.groupby("talk"):
        kept = own.set_index("concept")
        for c in concepts(talk(*APRIL, name=name)):
            assert tuple(kept.loc[c.key, list(SIDES)]) == pytest.approx(c.payoffs, abs=WRITTEN, nan_ok=True)
        assert {"rational_threats", "nash_in_nash"} <= set(kept.index)
        packages = pd.read_parquet(april / "packages.parquet")
        packages = packages[packages["talk"] == name].set_index("package")
        for key in ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian"):  # two roads to a package's worth
            row = kept.loc[key]
            assert tuple(row[list(SIDES)]) == pytest.approx(
                tuple(packages.loc[row["package"], list(SIDES)]), abs=WRITTEN
            )


def test_points_ladder_and_beliefs_agree_with_each_other(april):
    points = pd.read_parquet(april / "points.parquet").set_index(["talk", "point"])
    ladder, beliefs = pd.read_csv(april / "ladder.csv"), pd.read_csv(april / "beliefs.csv")
    concepts_ = pd.read_csv(april / "concepts.csv").set_index(["talk", "concept"])
    for name, own in ladder.groupby("talk"):
        withheld = own[["withheld_demander", "withheld_partner"]].drop_duplicates()
        assert withheld.to_numpy()[0] == pytest.approx(
            points.loc[(name, "impasse"), list(SIDES)].to_numpy(float), abs=2e-6
        )
        assert (own["credible"] == (own["demander_utility"] >= own["withheld_demander"] - WRITTEN)).all()
        for _, rung in own.groupby("rung_pct"):
            assert rung.loc[rung["best_answer"], "partner_utility"].item() == rung["partner_utility"].max()
    for name in ("japan", "eu", "china"):
        for key in ("nash", "kalai_smorodinsky"):
            both = [frame.loc[(name, key), list(SIDES)].to_numpy(float) for frame in (points, concepts_)]
            assert both[0] == pytest.approx(both[1], abs=2e-6)
        assert beliefs.loc[beliefs["talk"] == name, "belief_pct"].tolist() == [0, 50, 100]


def test_nash_in_nash_is_measured_from_its_own_no_deal(april):
    """With the other deals in force no deal is worth something else: Japan's equal split read 16 % before."""
    kept = pd.read_csv(april / "concepts.csv").set_index(["talk", "concept"])
    for name in ("japan", "eu", "china"):
        assert 0.25 < kept.loc[(name, "nash_in_nash"), "demander_surplus_share"] < 0.75
    assert "Nash-in-Nash: at their deals" in (april / "equilibrium.md").read_text(encoding="utf-8")


def test_places_in_the_order_are_means_over_orders(april):
    table = pd.read_csv(april / "orders.csv")
    assert len(table) == 6 * 3
    place = worth_of_place(table)
    for name in ("japan", "eu", "china"):
        for k in (1, 2, 3):
            own = [r.partner_utility for r in table.itertuples() if (r.talk, r.place) == (name, k)]
            assert len(own) == 2 and place.loc[name, k] == pytest.approx(sum(own) / 2)


def curve(folder, axis, concept, name="japan"):
    table = pd.read_csv(folder / "curves.csv")
    rows = table[(table["axis"] == axis) & (table["concept"] == concept) & (table["talk"] == name)]
    return rows.set_index("value")[list(SIDES)]


@pytest.mark.parametrize("name", ["japan", "eu", "china"])
def test_curves_pass_through_the_table_at_what_is_configured(april, name):
    kept = pd.read_csv(april / "concepts.csv").set_index(["talk", "concept"])
    for key in curves.DRAWN:
        at = kept.loc[(name, key), list(SIDES)].to_numpy(float)
        assert curve(april, "patience", key, name).loc[1.0].to_numpy() == pytest.approx(at, abs=WRITTEN)
        assert curve(april, "credibility", key, name).loc[60.0].to_numpy() == pytest.approx(at, abs=WRITTEN)
        if name == "japan":  # which does not answer: no part of the tariff it faces
            assert curve(april, "retaliation", key, name).loc[0.0].to_numpy() == pytest.approx(at, abs=WRITTEN)


def test_the_simulated_mean_is_that_of_a_run(april):
    model = lab(*APRIL).play(0, 20)
    for played in model.talks:
        mean = [played.discounted(side).mean() for side in (0, 1)]
        for axis, value in (("patience", 1.0), ("credibility", 60.0)):
            assert curve(april, axis, "simulated", played.name).loc[value].tolist() == pytest.approx(mean, abs=WRITTEN)


def test_simulated_points_take_three_hundred_worlds_of_more():
    config = load(("talks=us_japan", "figures=false")).config
    assert config.worlds > CURVE_WORLDS == vary(config, "patience", 1.0).worlds == 300
    few = build(vary(config, "credibility", 20.0))
    again = build(load(("talks=us_japan", "talks.japan.stick.belief_pct=20", "worlds=300")).config)
    means = [[run.play(0, 300).talks[0].discounted(side).mean() for side in (0, 1)] for run in (few, again)]
    assert means[0] == pytest.approx(means[1])


def test_along_belief_no_deal_moves_on_a_line_for_the_partner_alone():
    config = load(("talks=us_japan",)).config
    floors = np.array([meetings(build(vary(config, "credibility", v)))[0].no_deal() for v in AXES[1].values])
    assert floors[:, 0] == pytest.approx(floors[0, 0])
    met = talk("talks=us_japan")
    line = [b * met.stick[1] + (1 - b) * met.impasse[1] for b in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert floors[:, 1] == pytest.approx(line, abs=WRITTEN)


def test_along_patience_only_the_partners_rates_move():
    config = load(()).config
    for was, met in zip(meetings(lab()), meetings(build(vary(config, "patience", 4.0)))):
        assert met.rates[0] == pytest.approx(was.rates[0]) and met.rates[1] == pytest.approx(4 * was.rates[1])


def test_along_retaliation_the_answer_is_a_part_of_the_tariff():
    config = load(()).config
    for agenda in (s.agenda for s in build(vary(config, "retaliation", 0.5)).stakes):
        hit, answer = agenda.stick.rates(True)
        assert answer == pytest.approx(0.5 * hit) and hit > 0


RULES = {
    "protocol=fixed_alternation": "13 rounds, proposers in turn, demander first",
    "protocol=ultimatum": "1 round, proposers in turn, demander first",
    "protocol.hazard_pct=10": "threat point: flows while talking, and no deal by the hazard",
    "talks.japan.stick.outside_option_partner_busd=-9": "no agreement below an outside option",
    "stick@talks.japan.stick=no_stick": "no stick: the interim goes on",
    "stick@talks.japan.stick=empty_threat": "the stick falls with 0 % (resolve) to the demander, 60 % (belief)",
    "stick@talks.japan.stick=security_withdrawal": "Tariffs alone: the protection withdrawn",
    "protocol.demander_proposes_pct=100": "demander's weight 1.00",
}


@pytest.mark.parametrize("rule", RULES)
def test_other_rules_run_and_are_said(rule, tmp_path, monkeypatch):
    monkeypatch.setattr(curves, "AXES", ())
    monkeypatch.setattr(equilibrium, "tariff_war", lambda economy: None)
    text = (made(tmp_path / "x", *ONE, rule) / "equilibrium.md").read_text(encoding="utf-8")
    assert RULES[rule] in text
