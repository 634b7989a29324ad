"""Sensitivity: designs that nest, indices of functions whose indices are known, the whole command on a small run."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.build import build
from experiments.compose import load
from experiments.messages import UserError
from experiments.sensitivity import ask, main
from experiments.sweep.sensitivity_design import DEFAULTS, Design, Range, defaults, is_number, value_at
from experiments.sweep.sensitivity_indices import effects, indices, saltelli

PI = (Range("x", -np.pi, np.pi, 0.0), Range("y", -np.pi, np.pi, 0.0), Range("z", -np.pi, np.pi, 0.0))


def ishigami(x: np.ndarray, a: float = 7.0, b: float = 0.1) -> np.ndarray:
    """Ishigami & Homma (1990) at points (..., 3)."""
    return np.sin(x[..., 0]) + a * np.sin(x[..., 1]) ** 2 + b * x[..., 2] ** 4 * np.sin(x[..., 0])


def ishigami_indices(a: float = 7.0, b: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """First-order and total indices in closed form (Saltelli et al. 2008, p. 179)."""
    one = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    two = a**2 / 8
    mixed = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = one + two + mixed
    return np.array([one, two, 0.0]) / whole, np.array([one + mixed, two, mixed]) / whole


def sampled(function, ranges, points=1024, seed=3):
    low, high = (np.array([getattr(r, end) for r in ranges]) for end in ("low", "high"))
    return [function(low + part * (high - low)) for part in Design(ranges, 3, points, seed).samples()]


def test_ishigami_in_closed_form():
    found = indices(*sampled(ishigami, PI, 4096), seed=1, resamples=100)
    first, total = ishigami_indices()
    assert first.round(4).tolist() == [0.3139, 0.4424, 0.0]
    assert found.first == pytest.approx(first, abs=0.02)
    assert found.total == pytest.approx(total, abs=0.02)
    assert ((found.first_low < found.first) & (found.first < found.first_high)).all()
    assert ((found.total_low < found.total) & (found.total < found.total_high)).all()


def test_own_estimator_is_scipys():
    a, b, ab = sampled(ishigami, PI, 256)
    mean = np.concatenate([a, b]).mean()
    found = indices(a, b, ab, seed=1, resamples=10)
    first, total = saltelli(a - mean, b - mean, ab - mean)
    assert found.first == pytest.approx(first, abs=1e-12)
    assert found.total == pytest.approx(total, abs=1e-12)


def test_intervals_cover_as_often_as_they_say():
    """An additive function of three settings: indices are shares of the variance, weights squared."""
    weights = np.array([1.0, 2.0, 3.0])
    truth = weights**2 / (weights**2).sum()
    hits = []
    for seed in range(60):
        rng = np.random.default_rng(seed)  # plain sampling: on Sobol points the error is far below the interval
        a, b = rng.random((2, 128, 3))
        ab = np.repeat(a[None], 3, axis=0)
        ab[np.arange(3), :, np.arange(3)] = b.T
        found = indices(*(part @ weights for part in (a, b, ab)), seed=seed, resamples=300)
        hits.append((found.total_low <= truth) & (truth <= found.total_high))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.06)


def test_intervals_are_those_of_scipys_bootstrap():
    a, b, ab = sampled(ishigami, PI, 256)
    found = indices(a, b, ab, seed=1, resamples=2000)
    mean = np.concatenate([a, b]).mean()

    def statistic(pick):
        return np.concatenate(saltelli((a - mean)[pick], (b - mean)[pick], (ab - mean)[:, pick]))

    again = stats.bootstrap(
        [np.arange(len(a))], statistic, n_resamples=2000, vectorized=False, method="percentile", rng=5
    ).confidence_interval
    assert np.r_[found.first_low, found.total_low] == pytest.approx(again.low, abs=0.03)
    assert np.r_[found.first_high, found.total_high] == pytest.approx(again.high, abs=0.03)


def test_equal_seeds_give_equal_intervals_and_others_do_not():
    parts = sampled(ishigami, PI, 64)
    one, two, other = (indices(*parts, seed=seed) for seed in (1, 1, 2))
    assert [x.tobytes() for x in one[:6]] == [x.tobytes() for x in two[:6]]
    assert (one.total_low != other.total_low).any()


def test_an_outcome_that_never_changes_or_is_undefined():
    flat = [np.full(8, 3.0), np.full(8, 3.0), np.full((2, 8), 3.0)]
    assert indices(*flat, seed=1) is None
    flat[0][3] = np.nan
    with pytest.raises(ValueError, match="undefined in 1 of 8 samples"):
        indices(*flat, seed=1)


def test_few_undefined_samples_are_left_out_and_counted():
    a, b, ab = sampled(ishigami, PI, 1024)
    holed = a.copy()
    holed[[3, 700]] = np.nan
    found, whole = indices(holed, b, ab, seed=1), indices(a, b, ab, seed=1)
    assert found.note.startswith("2 of 1024 samples are left out")
    kept = np.isfinite(holed)
    mean = np.concatenate([holed[kept], b[kept]]).mean()
    assert found.first == pytest.approx(saltelli(holed[kept] - mean, b[kept] - mean, ab[:, kept] - mean)[0], abs=1e-12)
    assert (whole.note, found.total) == ("", pytest.approx(whole.total, abs=0.02))


def test_effects_along_a_range():
    found = effects(np.array([2.0, np.nan, -1.0, 5.0, 4.0]))
    assert [float(v) for v in (*found, found.swing)] == [2.0, 4.0, -1.0, 5.0, 6.0]
    assert np.isnan(effects(np.full(3, np.nan)).swing)


# Designs

SMALL = (Range("a.b", 0.0, 10.0, 4.0), Range("c", 0.0, 1.0, [0.2, 0.4], listed=True), Range("n", 1, 3, 2, whole=True))


def test_cells_are_where_the_design_says():
    design = Design(SMALL, 5, 8, seed=1)
    cells = design.cells()
    assert cells[0] == {"a.b": 4.0, "c": [0.2, 0.4], "n": 2}
    for one, own, values in zip(SMALL, design.cells_along(), design.along):
        for cell, value in zip(own, values):
            assert cells[cell] == {**cells[0], one.key: one.written(value)}
    assert design.along == [[0.0, 2.5, 5.0, 7.5, 10.0], [0.0, 0.25, 0.5, 0.75, 1.0], [1, 2, 3]]
    a, b, ab = design.cells_sobol()
    assert len(cells) == 1 + 5 + 5 + 3 + 5 * 8 == ab[-1, -1] + 1
    for k, one in enumerate(SMALL):
        for i in range(8):
            taken = {r.key: cells[b[i] if r is one else a[i]][r.key] for r in SMALL}
            assert cells[ab[k, i]] == taken
    assert {cell["n"] for cell in cells[a[0] :]} == {1, 2, 3}


def test_more_points_contain_fewer_and_seeds_differ():
    few, many, other = (Design(SMALL, 3, points, seed) for points, seed in ((8, 1), (16, 1), (8, 2)))
    told = lambda design: {repr(cell) for cell in design.cells()}  # noqa: E731
    assert told(few) < told(many)
    assert len(told(few) & told(other)) == len({repr(cell) for cell in Design(SMALL, 3, 0, 1).cells()})


def test_shipped_ranges_are_keys_of_the_shipped_runs():
    resolved = load(("talks=us_japan",)).resolved
    found = defaults(resolved, "japan")
    assert len(found) == len(DEFAULTS)
    for key, low, high in found:
        base = value_at(resolved, key)
        assert is_number(base) and low <= np.mean(base) <= high
    assert [key for key, _, _ in defaults(load(("experiment=classroom",)).resolved, "pie")]


# The command

SMALL_RUN = ["talks=us_japan", "worlds=6", "figures=false", "hydra/job_logging=none", "--steps", "3"]
RANGES = [
    "talks.japan.stick.threat_pct=interval(0, 50)",
    "countries.JPN.types.discount_rate_per_year.values=interval(0.1,2)",
]


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """The folder of a small analysis: two settings, three steps, four Sobol samples."""
    place = tmp_path_factory.mktemp("sensitivity") / "out"
    assert main([*RANGES, *SMALL_RUN, "--points", "4", "--out", str(place)]) == 0
    return place


def played(place) -> int:
    return json.loads((place / "run.json").read_text(encoding="utf-8"))["worlds_played"]


def test_outcomes_along_a_range_are_those_of_runs_of_their_own(analysed):
    along = pd.read_csv(analysed / "along.csv")
    own = along[(along["measure"] == "demander_payoff") & (along["key"] == "talks.japan.stick.threat_pct")]
    assert own["value"].tolist() == [0.0, 25.0, 50.0]
    for value, mean in zip(own["value"], own["mean"]):
        config = load(("talks=us_japan", "worlds=6", f"talks.japan.stick.threat_pct={value}")).config
        assert build(config).play(0, 6).talks[0].discounted(0).mean() == pytest.approx(mean, abs=1e-9)


def test_tables_agree_with_each_other(analysed):
    along, found, shares = (pd.read_csv(analysed / f"{name}.csv") for name in ("along", "effects", "indices"))
    assert len(found) == len(shares) == 5 * 2
    for _, row in found.iterrows():
        line = along[(along["measure"] == row["measure"]) & (along["key"] == row["key"])]["mean"]
        assert (row["least"], row["most"]) == pytest.approx((line.min(), line.max()), nan_ok=True)
        assert (row["at_low"], row["at_high"]) == pytest.approx((line.iloc[0], line.iloc[-1]), nan_ok=True)
    text = (analysed / "sensitivity.md").read_text(encoding="utf-8")
    assert "Threatened tariff (%)" in text and "Discount rate, Japan (per year)" in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_same_command_plays_nothing_again_and_more_points_only_what_is_new(analysed):
    cells = 1 + 2 * 3 + 4 * 4
    assert played(analysed) == 6 * cells
    before = {name: (analysed / name).read_bytes() for name in ("along.csv", "effects.csv", "indices.csv")}
    main([*RANGES, *SMALL_RUN, "--points", "4", "--out", str(analysed)])
    assert played(analysed) == 0
    assert {name: (analysed / name).read_bytes() for name in before} == before
    main([*RANGES, *SMALL_RUN, "--points", "8", "--out", str(analysed)])
    assert played(analysed) == 6 * 4 * 4


@pytest.mark.parametrize(
    "words, told",
    [
        (["--points", "6"], "6 is no power of 2"),
        (["--points", "many"], "'many' is not a whole number"),
        (["--steps", "1"], "1 is out of range"),
        (["a=interval(3,1)"], "write the lower end first"),
        (["a=interval(3,x)"], "both ends of a range are numbers"),
        (["a=interval(3)"], "is not key=interval"),
        (["a=interval(1,2)", "a=interval(1,3)"], "two ranges"),
        (["talks.japan.stick.thret_pct=interval(0,1)"], "did you mean 'talks.japan.stick.threat_pct'"),
        (["talks.japan.stick.answer=interval(0,1)"], "is 'none', not a number"),
        (["protocol.rounds=interval(0,20)", "--steps", "2"], "protocol.rounds"),
    ],
)
def test_mistakes_are_named(words, told, tmp_path):
    with pytest.raises(UserError) as error:
        main([*words, "talks=us_japan", "worlds=2", "--out", str(tmp_path / "x")])
    assert told in str(error.value)
    assert not (tmp_path / "x").exists()


def test_spaces_and_equals_signs_are_read():
    asked = ask(["a.b=interval( 0 , 1.5 )", "--points=16", "--steps=5", "worlds=3"])
    assert (asked.ranges, asked.points, asked.steps, asked.options.overrides) == (
        {"a.b": (0.0, 1.5)},
        16,
        5,
        ("worlds=3",),
    )
