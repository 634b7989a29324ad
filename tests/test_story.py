"""The story of one world: the same world as in a run, told offer by offer, and drawn."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest

from agents.strategies.hardliner import Hardliner
from agents.strategies.zeuthen import Zeuthen
from experiments.cli import main
from experiments.transcript import transcript, words
from sim.plots.story import story_page
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.monotonic import MonotonicConcession
from sim.results import talks_table
from sim.story import Rounds, follow
from tests.talk_worlds import april, play, random_players, random_protocol, random_stakes
from tests.test_meets_theory import pie, types
from tests.test_meets_theory import play as play_pie

ESCALATION = ("us_china", "experiment=escalation_china", "figures=false", "protocol.hazard_pct=5")
HUB = ("us_three", "experiment=three_tables")
HOME = ("us_japan", "experiment=ratification_japan", "talks.japan.ratification.partner.on_rejection=no_deal")
AGAIN = ("us_japan", "experiment=ratification_japan", "strategy@countries.JPN.strategy=conceder",
         "strategy@countries.USA.strategy=conceder")  # fmt: skip
SECURITY = ("us_allies", "experiment=security_stick")
NAMES = {"USA": "United States", "JPN": "Japan", "EU27": "European Union", "CHN": "China"}


@pytest.mark.parametrize("setting", [("us_three",), ESCALATION, HUB, HOME, SECURITY])
def test_a_world_played_alone_is_the_world_of_the_run(setting):
    """The row of the talks table, from a chunk of 30, against the story of that world by itself."""
    lab = april(*setting)
    rows = talks_table(lab.play(10, 30)).to_pandas()
    for world in (10, 23, 39):
        model = lab.play(world, 1, watch=(Rounds,))
        for talk in model.talks:
            told = follow(talk, 0, *model.watch)
            row = rows[(rows["world"] == world) & (rows["talk"] == told.talk)].iloc[0]
            assert told.world == world and told.ending == row["ended_by"] and told.closed == row["rounds_talked"]
            assert told.deal == (-1 if pd.isna(row["package"]) else row["package"])
            assert told.nash == (-1 if pd.isna(row["nash_package"]) else row["nash_package"])
            for side, name in enumerate(("demander", "partner")):
                assert told.final[side] == row[f"{name}_final_utility"] and told.payoff[side] == row[f"{name}_payoff"]
                assert told.no_deal[-1, side] == pytest.approx(row[f"{name}_no_deal_expected"], abs=1e-9)
                if pd.notna(row.get(f"{name}_refused_at_home")):
                    assert told.refused[:, side].sum() == row[f"{name}_refused_at_home"]
                assert told.tariffs[-1, side] == pytest.approx(row[f"{name}_tariff_in_force_pct"])
            if told.deal >= 0:
                levels = [row[column] for column in told.issues]
                assert told.shown[told.deal].tolist() == levels and told.row[told.accepted] == told.deal


@pytest.mark.parametrize("setting", [ESCALATION, HUB, HOME, SECURITY])
def test_flows_lived_with_and_the_end_add_up_to_the_payoff(setting):
    model = april(*setting).play(0, 25, watch=(Rounds,))
    for talk, world in itertools.product(model.talks, range(25)):
        told = follow(talk, world, *model.watch)
        for side in (0, 1):
            d = float(talk.seats[side].discount[world])
            lived = [(1 - d) * d**r * u for r, u in enumerate(told.flow[: told.closed, side])]
            assert told.payoff[side] == pytest.approx(math.fsum(lived) + d**told.closed * told.final[side], abs=1e-9)


def test_stories_of_random_talks_hold_together():
    ends = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        stakes, protocol = random_stakes(rng), random_protocol(rng)
        talk = play([stakes], protocol, random_players(rng), seed=seed, worlds=4).talks[0]
        for world in range(4):
            told = follow(talk, world)
            ends.add(told.ending)
            assert told.closed <= len(told) <= told.rounds and (told.accepted >= 0) == (told.deal >= 0)
            if told.deal >= 0:
                assert told.accepted == told.closed == len(told) - 1
                assert told.worth[told.accepted] == pytest.approx(told.final)
            elif told.ending in ("deadline", "collapse"):
                assert len(told) == told.closed
            lines = words(told)
            numbered = [line for line in lines if line[:3].strip().isdecimal()]
            assert [int(line[:3]) for line in numbered] == list(range(1, len(told) + 1))
            assert sum("accepts" in line for line in numbered) == (told.deal >= 0)
    assert ends == {"deal", "deadline", "collapse", "outside_option"}


def test_the_accepted_offer_of_sealed_offers_is_the_one_that_stands():
    players = {code: (Zeuthen(), types([0.5])) for code in "AB"}
    talk = play_pie(pie(100), MonotonicConcession(), players, worlds=3)
    for world in range(3):
        told = follow(talk, world)
        assert told.deal == 50 == told.row[told.accepted] and told.closed - 1 <= told.accepted <= told.closed


def test_the_transcript_of_a_pie_is_the_one_written_by_hand():
    """Hardliners at 60 and 30 of 100, the demander first: it offers 60, which leaves 40, more than 30."""
    players = {c: (Hardliner(demand_pct=d), types([0.0])) for c, d in (("A", 60.0), ("B", 30.0))}
    talk = play_pie(pie(10), AlternatingOffers(rounds=3, proposer="demander_first"), players, worlds=1)
    assert transcript(talk, 0, {"A": "Alba"}) == [
        "Alba and B, world 0: 3 rounds of 7 days at most.",
        "Amounts are bn USD a year against the status quo, for Alba and for B.",
        "A year of talking is worth 0.0 to Alba and 0.0 to B.",
        "No deal is expected to be worth 0.0 to Alba and 0.0 to B.",
        "",
        "  1 Alba offers share 60 bn: worth +60.0 and +40.0. B accepts.",
        "",
        "Round 1: B accepts. The deal: share 60 bn.",
        "The end is worth +60.0 to Alba and +40.0 to B.",
        "No deal was expected to be worth 0.0 to Alba and 0.0 to B.",
        "Nash's package would have been worth +50.0 to Alba and +50.0 to B.",
        "  it is share 50 bn",
        "From the first round on, waiting included, the talks are worth +60.0 to Alba and +40.0 to B.",
    ]


def test_tariffs_that_moved_are_told_in_the_round_they_moved():
    talk = april(*ESCALATION).play(0, 20).talks[0]
    for world in range(20):
        told = follow(talk, world)
        lines = words(told, NAMES)
        moved = (np.diff(told.tariffs, axis=0) != 0).any(axis=1).sum()
        said = [k for k, line in enumerate(lines) if line.startswith("    ")]
        assert len(said) == moved
        if moved:
            assert "United States raises its tariff from 30 to 54 %" in lines[said[0]]
            assert "China raises its tariff from 0 to 34 %" in lines[said[0]]


def test_what_is_refused_at_home_is_told_in_the_round_it_was_signed():
    model = april(*HOME).play(0, 30, watch=(Rounds,))
    stories = [follow(model.talks[0], world, *model.watch) for world in range(30)]
    refused = [story for story in stories if story.refused.any()]
    assert 3 < len(refused) < 20
    for story in refused:
        lines = words(story, NAMES)
        told = [line for line in lines if "refused at home in Japan" in line]
        assert len(told) == story.refused.sum() and int(told[0][:3]) == np.flatnonzero(story.refused[:, 1])[0] + 1
        if story.ending == "not_ratified":
            assert "What was signed is refused at home, and the talks are over." in lines


def test_each_refusal_at_home_is_told_once_where_talks_go_on():
    model = april(*AGAIN).play(0, 30, watch=(Rounds,))
    later = 0
    for world in range(30):
        told = follow(model.talks[0], world, *model.watch)
        assert told.refused.sum(axis=0).tolist() == model.talks[0].home.refused[world].tolist()
        later += int(told.refused[:-1].sum())
    assert later > 0, "some are refused before the last round"


def test_the_page_shows_every_offer_and_rings_the_deal():
    lab = april("us_japan")
    told = next(s for s in (follow(lab.play(w, 1).talks[0], 0) for w in range(40)) if s.deal >= 0)
    axes = story_page(told, names=NAMES)
    assert len(axes) == 3 + len(told.issues) + 3
    for ax, values in zip(axes[1:3], told.worth.T):
        drawn = {(float(x), float(y)) for line in ax.lines[:2] for x, y in zip(*line.get_data())}
        assert drawn == {(t + 1.0, v) for t, v in enumerate(values) if not np.isnan(v)}
    ring = [line for line in axes[3].lines if line.get_marker() == "o" and line.get_markersize() > 9]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in ring] == [
        (told.accepted + 1, told.shown[told.deal, 0])
    ]


@pytest.mark.parametrize("setting, world", [(("us_eu", "protocol=one_year"), 7), (ESCALATION, 3)])
def test_pages_lay_themselves_out_for_any_number_of_rounds(setting, world):
    told = follow(april(*setting).play(world, 1).talks[0], 0)
    fig = story_page(told)[0].get_figure()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig.draw_without_rendering()
    boxes = [ax.get_tightbbox() for ax in fig.axes]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_no_deal_is_drawn_and_told():
    firm = {code: (Hardliner(demand_pct=90.0), types([0.1])) for code in "AB"}
    told = follow(play_pie(pie(10), AlternatingOffers(rounds=4), firm, worlds=1), 0)
    assert told.ending == "deadline" and "The deadline passes without a deal." in words(told)
    assert "no deal by the deadline" in story_page(told)[0].get_figure().get_suptitle()


def test_the_command_replays_a_world_of_a_run(tmp_path, capsys):
    run = tmp_path / "run"
    quiet = ["worlds=6", "figures=false", "hydra/job_logging=none"]
    assert main(["experiment=classroom", *quiet, "--out", str(run)]) == 0
    assert main(["story", str(run), "--world", "4"]) == 0
    said = capsys.readouterr().out
    row = pd.read_parquet(run / "talks.parquet").iloc[4]
    assert f"The deal: share {row['share_busd']:g} bn" in said and "world 4" in said
    place = run / "world_4"
    assert {p.name for p in place.iterdir()} == {f"story_pie_world_4.{end}" for end in ("txt", "png", "pdf")}
    assert (place / "story_pie_world_4.txt").read_text(encoding="utf-8") in said
    assert main(["story", "experiment=classroom", "--world=4", "--out", str(tmp_path / "alone")]) == 0
    for file in place.iterdir():
        assert file.read_bytes() == (tmp_path / "alone" / file.name).read_bytes()
    manifest = run / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"seed": 2025', '"seed": 2026'))
    assert main(["story", str(run)]) == 2
    assert "no longer those it was run with: seed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "asked, told",
    [
        (["--world", "-1"], "--world -1: worlds are whole numbers from 0"),
        (["--world", "1.5"], "--world 1.5: worlds are whole numbers"),
        (["--world"], "--world needs a number after it"),
        (["--talk", "jpan"], "no such talk; did you mean 'japan'?"),
        (["nowhere"], "'nowhere' is not a finished run"),
        (["nowhere", "worlds=3"], "has its settings already"),
        (["--wrld", "3"], "no option '--wrld'"),
    ],
)
def test_mistakes_are_told(asked, told, capsys):
    assert main(["story", *asked]) == 2
    assert told in capsys.readouterr().err
