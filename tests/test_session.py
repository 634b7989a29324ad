"""The program in few words from Python: the same results as a run's folder, and mistakes told as everywhere."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments.compose import load
from experiments.messages import UserError
from experiments.options import Options
from experiments.run import run
from experiments.session import bargain, compare, lab, picture, show
from sim import plots
from sim.columns import SIDE_NAMES

WORDS = ("talks=us_japan", "worlds=40", "figures=false")
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def japan():
    """Return a session of the talks with Japan."""
    return lab(*WORDS)


def test_a_session_has_the_tables_of_a_run(japan, tmp_path):
    folder = run(load(WORDS), Options(out=tmp_path / "run", silent=True))
    for name in ("talks", "rounds", "packages", "points"):
        pd.testing.assert_frame_equal(getattr(japan.results, name), pd.read_parquet(folder / f"{name}.parquet"))


def test_outcomes_are_means_over_worlds(japan):
    row, talks = japan.outcomes().loc["japan"], japan.talks
    agreed = [talk for talk in talks.to_dict("records") if talk["deal"]]
    assert row["deals"] == pytest.approx(100 * len(agreed) / len(talks))
    assert row["demander"] == pytest.approx(sum(t["demander_utility"] for t in agreed) / len(agreed))
    assert row["round"] == sorted(t["round"] for t in agreed)[(len(agreed) - 1) // 2]


def test_points_are_those_of_the_meeting(japan):
    points, met = japan.points(), japan.meeting("japan")
    for name, values in (("impasse", met.impasse), ("stick", met.stick), ("no_deal", met.no_deal())):
        assert points.loc[name, [f"{s}_utility" for s in SIDE_NAMES]].tolist() == pytest.approx(values, abs=1e-5)


def test_theory_names_nash_and_the_threats(japan):
    theory = japan.theory()
    assert {"Nash", "Subgame-perfect", "Rational threats (Nash 1953)"} <= set(theory.index)
    assert theory.loc["Nash", "demander_utility"] == pytest.approx(japan.points().loc["nash", "demander_utility"])


def test_sessions_are_compared_under_each_other(japan):
    pie = lab("experiment=classroom", "worlds=10")
    both = compare({"one": pie, "two": pie})
    assert both.index.tolist() == ["one", "two"] and both.loc["one"].equals(both.loc["two"])
    assert compare({"pie": pie, "japan": japan}).index.tolist() == [("pie", "pie"), ("japan", "japan")]


def test_a_story_is_told(japan, capsys):
    japan.story(world=3)
    assert "United States and Japan, world 3" in capsys.readouterr().out


def test_pictures_are_shown_and_a_missing_one_is_told(japan, tmp_path):
    results = japan.results
    drawn = plots.payoff_space(results.packages, results.points, results.talks, talk="japan")
    assert show(drawn)._repr_png_().startswith(PNG) and show([drawn])._repr_png_().startswith(PNG)
    (tmp_path / "ladder.png").write_bytes(show(drawn).png)
    assert picture(tmp_path / "ladder.png")._repr_png_().startswith(PNG)
    with pytest.raises(UserError, match="did you mean 'ladder'"):
        picture(tmp_path / "laddr.png")


def test_figures_are_had_by_name_and_a_missing_one_is_told():
    pie = lab("experiment=classroom", "worlds=10")
    assert pie.figure("payoff_space_pie")._repr_png_().startswith(PNG)
    with pytest.raises(UserError, match="did you mean 'payoff_space_pie'"):
        pie.figure("payoff_space_pi")


def test_which_talk_is_meant_is_asked_for():
    with pytest.raises(UserError, match="did you mean 'japan'"):
        lab("talks=us_three", "worlds=1").points("jpan")


def test_a_command_that_is_refused_is_an_error(capsys):
    with pytest.raises(UserError, match="exit code 2"):
        bargain("check talks=us_japn")
    assert "us_japan" in capsys.readouterr().err
