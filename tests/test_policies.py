"""What stick policies buy: pairs of policies against runs configured so, differences world by world, mistakes."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments import policies
from experiments.cli import main
from experiments.options import Options
from sim.plots.policies import bought_by_policies
from sim.results import talks_table
from tests.talk_worlds import april

ESCALATION = ("us_china", "experiment=escalation_china", "figures=false", "worlds=60")
FIRM = [f"strategy@countries.{code}.strategy=hardliner" for code in ("USA", "CHN")]
FIRM += [f"countries.{code}.strategy.demand_pct=100" for code in ("USA", "CHN")]
SIDE = "policy@talks.china.moves"


@pytest.fixture(scope="module")
def frame():
    return policies.compare(april(*ESCALATION), "china", policies.shipped(Options()))


def configured(demander, partner):
    """Rows of a run whose YAML names both policies."""
    lab = april(*ESCALATION, f"{SIDE}.demander={demander}", f"{SIDE}.partner={partner}")
    return lab, talks_table(lab.play(0, 60)).to_pandas()


def test_every_policy_meets_the_configured_answer_and_the_four_others(frame):
    names = {path.stem for path in (policies.CONFIGS / "policy").glob("*.yaml")}
    assert list(dict.fromkeys(frame["answer"])) == ["mirror", "wait", "proportional", "grim"]
    assert all(set(rows["policy"]) == names for _, rows in frame.groupby("answer"))
    assert (frame["worlds"] == 60).all()


@pytest.mark.parametrize("demander, partner", [("climb", "mirror"), ("salami", "grim"), ("climb", "proportional")])
def test_a_pair_is_the_run_whose_files_name_it(frame, demander, partner):
    """Means and standard errors from the talks tables of two runs, world by world."""
    row = frame[(frame["policy"] == demander) & (frame["answer"] == partner)].iloc[0]
    (_, rows), (_, base) = configured(demander, partner), configured("wait", partner)
    assert row["deal_rate_pct"] == pytest.approx(100 * rows["deal"].mean())
    assert row["tariff_pct"] == pytest.approx(rows["us_tariff_pct"].mean())
    for side in ("demander", "partner"):
        paid, gain = rows[f"{side}_payoff"], rows[f"{side}_payoff"] - base[f"{side}_payoff"]
        assert row[f"{side}_payoff"] == pytest.approx(paid.mean())
        assert row[f"{side}_gain"] == pytest.approx(paid.mean() - base[f"{side}_payoff"].mean(), abs=1e-9)
        assert row[f"{side}_gain_se"] == pytest.approx(gain.std() / math.sqrt(60))


def test_what_was_earned_while_talking_is_the_sum_of_the_flows_lived_with(frame):
    lab, _ = configured("climb", "mirror")
    talk = lab.play(0, 60).talks[0]
    row = frame[(frame["policy"] == "climb") & (frame["answer"] == "mirror")].iloc[0]
    for side, name in enumerate(("demander", "partner")):
        sums = []
        for world in range(60):
            d, kind = float(talk.seats[side].discount[world]), talk.seats[side].types[world]
            rungs = talk.sticks.record[: talk.closed[world], world]
            sums.append(math.fsum((1 - d) * d**r * talk.sticks.flow[side][kind, a, b] / 1e6
                                  for r, (a, b) in enumerate(rungs)))  # fmt: skip
        assert row[f"{name}_talking"] == pytest.approx(math.fsum(sums) / 60, abs=1e-9)


def test_policies_that_never_move_are_the_same_as_waiting_and_left_out_of_the_picture(frame):
    still = policies.unmoved(frame)
    assert still == ["grim", "mirror", "pause", "proportional"]
    rows = frame[frame["policy"].isin([*still, "wait"])]
    assert not rows[["demander_gain", "partner_gain", "demander_gain_se", "deal_rate_gain_pct"]].any(axis=None)
    said = policies.text(april(*ESCALATION), "china", frame)
    assert "| climb " in said and "| pause " not in said and "same as wait: grim, mirror, pause" in said
    assert said.count("as configured") == 1


def test_a_rung_below_the_first_lets_a_pause_lift_the_tariff():
    """Where nobody agrees, both sides talk through all rounds: lifted, the tariff costs the partner less."""
    rungs = "demander_rungs_pct=[10.0,30.0,54.0]", "partner_rungs_pct=[0.0,20.0,34.0]"
    lab = april(*ESCALATION, *(f"talks.china.moves.{own}" for own in rungs), *FIRM)
    names = ("pause", "wait", "mirror", "proportional", "grim")
    known = policies.shipped(Options())
    found = policies.compare(lab, "china", {name: known[name] for name in names})
    assert "pause" not in policies.unmoved(found) and not found["deal_rate_pct"].any()
    talking = found[found["answer"] == "wait"].set_index("policy")["partner_talking"]
    assert talking["pause"] > talking["wait"] + 0.1
    kept = found[found["policy"] == "wait"].set_index("answer")["demander_talking"]
    assert kept["mirror"] < kept["wait"] - 0.1, "30 % is answered by 20 % although it never moves"


def test_the_figure_draws_the_differences_and_their_intervals(frame):
    axes = bought_by_policies(frame[frame["moved"] | (frame["policy"] == "wait")], pair=("USA", "CHN"))
    assert [t.get_text() for t in axes[0].get_yticklabels()] == ["climb", "salami"]
    rows = frame[frame["answer"] == "mirror"].set_index("policy").loc[["climb", "salami"]]
    for ax, side in zip(axes, ("demander", "partner")):
        bar = ax.containers[0]
        assert bar.lines[0].get_xdata() == pytest.approx(rows[f"{side}_gain"])
        ends = [segment[:, 0] for segment in bar.lines[2][0].get_segments()]
        half = 1.96 * rows[f"{side}_gain_se"].to_numpy()
        assert np.diff(ends, axis=1)[:, 0] == pytest.approx(2 * half)


def test_the_command_plays_the_escalation_unless_told_otherwise(tmp_path, capsys):
    place = tmp_path / "bought"
    assert main(["policies", "worlds=20", "--out", str(place)]) == 0
    said = capsys.readouterr().out
    assert "What moving a tariff buys: United States and China" in said and "20 worlds" in said
    names = {"policies.md", *(f"policies_china.{end}" for end in ("csv", "png", "pdf"))}
    assert {p.name for p in place.iterdir()} == names
    assert len(pd.read_csv(place / "policies_china.csv")) == 7 * 4


def test_talks_whose_tariffs_stay_put_are_refused_with_a_way_out(capsys):
    assert main(["policies", "talks=us_japan", "worlds=5"]) == 2
    said = capsys.readouterr().err
    assert "no tariff moves" in said and "experiment=escalation_china" in said and len(said.splitlines()) <= 6


def test_a_policy_of_ones_own_is_compared_too(tmp_path):
    (tmp_path / "policy").mkdir()
    text = "# Two rungs at once\n_target_: agents.sticks.policies.Climb\nstep: 2\n"
    (tmp_path / "policy" / "leap.yaml").write_text(text, encoding="utf-8")
    own = policies.shipped(Options(config_dir=tmp_path))
    assert own["leap"].step == 2 and {"wait", "climb", "leap"} <= set(own)
