"""What a student can get wrong: the message names file and line, key, value, what is allowed; nothing is written."""

from pathlib import Path

import pytest

from experiments.check import main as check
from experiments.compose import compose, load, to_plain, validate
from experiments.messages import UserError
from experiments.overrides import apply, check_choices, parse
from experiments.scan import scan

VALUES = [  # overrides of values: no file is read again
    ("wrlds=5", "command line: wrlds: no such key; did you mean 'worlds'?"),
    ("worlds=0", "worlds: 0 is out of range; allowed: 1 to 10000000 worlds"),
    ("worlds=yes", "worlds: 'yes' found, a whole number is due"),
    ("worlds=true", "worlds: true found, a whole number is due"),
    ("worlds=1e4", "worlds: 10000.0 found, a whole number is due; write 10000"),
    ("worlds=2.5", "worlds: 2.5 found, a whole number is due"),
    ("worlds='12'", "worlds: '12' is text; write 12 without quotes"),
    ("economy.trade_elasticity=0,95", "write economy.trade_elasticity=0.95"),
    ("economy.trade_elasticity=1,2,3", "several values are a sweep, which needs -m"),
    ("economy.trade_elasticity='2,5'", "'2,5' has a decimal comma; write 2.5"),
    ("economy.trade_elasticity=nan", "nan found, a number is due (0.1 to 50)"),
    ("economy.trade_elasticity=inf", "inf found, a number is due (0.1 to 50)"),
    ("talks.japan.stick.threat_pct=24 %", "'24 %' is text; write 24"),
    ("talks.japan.stick.threat_pct=24%", "'24%' is text; write 24"),
    ("talks.japan.stick.threat_pct=501", "501 is out of range; allowed: -50 to 500 %"),
    ("talks.japan.stik.threat_pct=5", "command line: talks.japan.stik: no such key; did you mean 'stick'?"),
    ("talks.japn.stick.threat_pct=5", "no 'japn' in talks; did you mean 'japan'?"),
    ("talks.japan.stick.answer=mirorr", "'mirorr' is not allowed; did you mean 'mirror'?"),
    ("talks.japan.issues.access.kind=tarif", "no kind 'tarif'; did you mean 'tariff'?"),
    ("talks.japan.issues.access.levels_pct=3", "3 found, a list such as [1, 2] is due"),
    ("talks.japan.issues.access.levels_pct=[]", "at least 1"),
    ("talks.japan.issues.access.levels_pct=[3,2]", "3 is followed by 2; levels must be strictly increasing"),
    ("talks.japan.issues.us_tariff.levels_pct=[-50,0]", "levels_pct.0: -50 is out of range"),
    ("talks.japan.issues.us_tariff.giver=EU27", "giver: 'EU27' is not in this talk; use USA or JPN"),
    ("talks.japan.issues.us_tariff.receiver=USA", "receiver: 'USA' is the giver too"),
    ("talks.japan.partner=USA", "partner: 'USA' is the demander too"),
    ("talks.japan.demander=EU", "command line: talks.japan.demander: no country 'EU'; there are USA, JPN"),
    ("talks.japan.partner=JAP", "command line: talks.japan.partner: no country 'JAP'; there are USA, JPN"),
    ("countries.JPN=5", "countries.JPN: 5 found, a mapping of keys is due"),
    ("countries.JPN.strategy.exponant=1", "exponant: no such key; did you mean 'exponent'?"),
    ("countries.JPN.strategy.exponent=0", "0 is out of range; allowed: above 0 to 100"),
    ("countries.JPN.strategy._target_=os.system", "'os.system' may not be used"),
    ("countries.JPN.strategy._target_=agents.strategies.base.os.system", "no class"),
    ("countries.JPN.strategy._target_=agents.strategies.base.Strategy", "is not a strategy"),
    ("countries.JPN.strategy._target_=sim.protocols.alternating.AlternatingOffers", "is not a strategy"),
    ("countries.JPN.strategy._target_=agents.strategies.hardliner.View", "no class 'View'"),
    ("countries.JPN.strategy._target_=agents.strategies.hardliner.Hardlinr", "did you mean 'Hardliner'?"),
    ("protocol._target_=agents.strategies.hardliner.Hardliner", "is not a protocol"),
    ("protocol.rounds=0", "0 is out of range; allowed: 1 to 10000"),
    ("countries.USA.weights.protection=1", "needs an economy with sectors"),
    ("countries.USA.weights.welfare=101", "101 is out of range; allowed: 0 to 100"),
    ("countries.JPN.types.red_line_pct.values=[101]", "101 is out of range; allowed: 0 to 100 %"),
    ("countries.JPN.types.red_line_pct.probabilities=[1]", "1 probabilities for 2 values"),
    ("countries.JPN.types.red_line_pct.probabilities=[0.5,0.4]", "they add up to 0.9; they must add up to 1"),
    ("economy=null", "economy: no option 'null'"),
    ("economy.source=flows_13", "'flows_13' is not allowed"),
    ("economy.flows_csv=x.csv", "a shipped calibration and CSV files are both named"),
    ("economy.keep=[USA,EU27]", "'JPN' bargains in talks.japan but is not kept apart; keep USA, EU27, JPN"),
    ("economy.keep=[USA,JPN,XXX]", "no economy 'XXX' in flows_12"),
    ("economy.keep=[USA,JPN,NO]", "no economy 'NO' in flows_12"),
    ("economy.tariffs_pct.USA.JAP=3", "no economy 'JAP' in flows_12"),
    ("economy.pass_through.USA=0.25", "economy.pass_through is 1.0 in this run"),
    ("economy.pass_through={USA: 6}", "economy.pass_through.USA: 6 is out of range"),
    ("economy.foreign_share=1", "1 is out of range; allowed: 0 to below 1"),
    ("seed=-1", "-1 is out of range; allowed: 0 to 9223372036854775807"),
    ("title=5", "title: 5 found, text is due; put it in quotes"),
    ("offers=1", "offers: 1 found, true or false is due"),
    ("offers=yes", "offers: 'yes' is text; write true"),
    ("title=${oc.env:HOME}", "'${oc.env:HOME}' is not allowed"),
    ("title=${hydra.runtime.cwd}", "is not allowed"),
    ("title=$\\{oc.env:HOME\\}", "'${oc.env:HOME}' is not allowed"),
    ("countries.JPN={name: $\\{oc.env:HOME\\}}", "'${oc.env:HOME}' is not allowed"),
    ("talks.japan.issues=[[$\\{oc.env:HOME\\}]]", "'${oc.env:HOME}' is not allowed"),
    ("~talks.chin", "~talks.chin: no such key"),
    ("_target_=os.system", "`_target_` names the class of a strategy or a protocol, and stands nowhere else"),
    ("talks[japan].stick.threat_pct=3", "write a dot for the brackets"),
    ("worlds=[1", "cannot be read"),
    ("hydra.callbacks.x._target_=pathlib.Path", "this part of Hydra is not for configuring"),
    ("+hydra={callbacks: {x: {_target_: pathlib.Path}}}", "this part of Hydra is not for configuring"),
    ("hydra.searchpath=[/tmp]", "this part of Hydra is not for configuring"),
    ("hydra/launcher=joblib", "this part of Hydra is not for configuring"),
    ("+strategy@hydra.callbacks.x=linear", "nothing may be placed under `hydra`"),
]

CHOICES = [  # overrides of groups and Hydra's own: composed anew
    (["economy=fiv"], "command line: economy: no option 'fiv'; did you mean 'five'?"),
    (["strategy=hardliner"], "say whose it is:"),
    (["strategy@countries.JAP.strategy=linear"], "did you mean strategy@countries.JPN.strategy=...?"),
    (["strategy@countries.JPN.strategy=hardlinr"], "no option 'hardlinr'; did you mean 'hardliner'?"),
    (["strateg@countries.JPN.strategy=linear"], "no group 'strateg'; did you mean 'strategy'?"),
    (["experiment=classroom", "economy.trade_elasticity=3"], "economy is null in this run"),
    (["economy=none"], "tariffs and barriers need an economy"),
    (["talks=us_eu", "talks.japan.stick.threat_pct=5"], "no 'japan' in talks; there are: eu"),
    (["hydra.run.dir=/tmp/x"], "is not a folder below outputs/"),
    (["hydra.run.dir=outputs/../x"], "is not a folder below outputs/"),
    (["hydra.sweep.dir=elsewhere"], "is not a folder below outputs/"),
]

UNFIT = [  # each key is right by itself; what the run would refuse, the check refuses
    (["talks=us_japan", "strategy@countries.JPN.strategy=rational"], "set information=complete"),
    (["talks=us_japan", "strategy@countries.JPN.strategy=zeuthen", "information=complete"], "made for the protocol"),
]

FILES = [  # what a YAML file of the student's can hold
    ("worlds: yes", 3, "worlds: a bare yes is read as true"),
    ("title: NO", 3, "title: a bare NO is read as false"),
    ("countries:\n  NO:\n    name: Norway", 4, "countries.NO: a bare NO is read as false"),
    ("worlds: 12:30", 3, "12:30 is read as 750 (base 60)"),
    ("worlds: 010", 3, "010 is read as 8 (base 8)"),
    ("economy:\n\ttrade_elasticity: 3", 4, "There is a tab in this line"),
    ("worlds: [1", 4, "not YAML"),
    ("worlds: 5\nworlds: 6", 4, "worlds: written twice (first in line 3)"),
    ("a: &a\n  <<: *a", 4, ""),
    ("x: &a [*a]", 3, "an alias that contains itself"),
    ("title: !!python/object/apply:os.system [ls]", 3, "is not allowed; write a plain value"),
    ("title: ${oc.env:HOME}", 3, "'${oc.env:HOME}' is not allowed"),
    ("title: ${a.${oc.env:HOME}}", 3, "is not allowed"),
    ("defaults:\n  - override hydra/launcher: joblib", 4, "may not choose Hydra's own parts"),
    ("defaults:\n  - /strategy@hydra.callbacks.x: linear", 4, "may not choose Hydra's own parts"),
    ("defaults:\n  - ../../secret", 4, "is not an option of a group"),
    ("defaults:\n  - ${oc.env:HOME}", 4, "is not allowed"),
    ("- 1", 1, "not a list"),
    ("just text", 1, "not a single value"),
]

COMPOSED = [  # what only shows when the file is put in its place
    ("wrlds: 5", 3, "wrlds: no such key; did you mean 'worlds'?"),
    ("worlds: .nan", 3, "worlds: nan found"),
    ("worlds: ${nope}", 3, "Interpolation key 'nope' not found"),
    ("economy:\n  trade_elasticity: 2,5", 4, "'2,5' has a decimal comma; write 2.5"),
    ("hydra:\n  callbacks:\n    x:\n      _target_: pathlib.Path.write_text", 4, "may not set Hydra's own keys"),
    ("hydra:\n  run:\n    dir: /tmp/x", 4, "may not set Hydra's own keys"),
    ("hydra: null", 3, "hydra: holds keys of Hydra's own"),
    ("hydra:\n  sweeper: 1", 4, "hydra.sweeper: holds keys of Hydra's own"),
    ("defaults:\n  - override /talks: us_jpan", 4, "no option 'us_jpan' in 'talks'; did you mean 'us_japan'?"),
    ("defaults:\n  - override /strategy@countries.JAP.strategy: linear", 4, "countries.JPN.strategy"),
    ("defaults:\n  - /experiment/mine", None, "choose each other in a circle"),
    ("countries:\n  JPN:\n    strategy:\n      _target_: os.system", 6, "may not be used"),
    ("countries:\n  JAP:\n    audience_cost_busd: 3", 4, "or did you mean 'countries.JPN'?"),
    ("talks:\n  Japan:\n    stick:\n      threat_pct: 35", 4, "or did you mean 'talks.japan'?"),
    ("defaults:\n  - talks: us_japan", 4, "to choose again write `- override /talks: us_japan`"),
    ("defaults:\n  - /talks: us_japan", 4, "to choose again write `- override /talks: us_japan`"),
]


@pytest.fixture(scope="module")
def composed():
    return compose(["talks=us_japan"])


@pytest.mark.parametrize(("override", "told"), VALUES, ids=[v[0] for v in VALUES])
def test_a_wrong_value_is_told(composed, override, told):
    config, origins, _ = composed
    config, origins = config.copy(), dict(origins)
    with pytest.raises(UserError) as caught:
        parsed = parse([override])
        check_choices(parsed, {"economy": ["five", "twelve"]})
        apply(config, parsed[0], origins)
        validate(to_plain(config, origins), origins)
    _is_a_good_message(str(caught.value), told)


@pytest.mark.parametrize(("overrides", "told"), CHOICES, ids=[" ".join(c[0]) for c in CHOICES])
def test_a_wrong_choice_is_told(overrides, told):
    with pytest.raises(UserError) as caught:
        load(overrides if overrides[0].startswith(("talks", "experiment")) else ["talks=us_japan", *overrides])
    _is_a_good_message(str(caught.value), told)


@pytest.mark.parametrize(("text", "line", "told"), FILES, ids=[f[0] for f in FILES])
def test_a_file_that_does_more_than_configure_is_refused(tmp_path: Path, text, line, told):
    path = tmp_path / "mine.yaml"
    header = "" if line == 1 else "# @package _global_\n# mine\n"
    path.write_text(f"{header}{text}\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        scan(path, "mine.yaml")
    _is_a_good_message(str(caught.value), told)
    assert str(caught.value).startswith(f"mine.yaml:{line}: ")


@pytest.mark.parametrize(("text", "line", "told"), COMPOSED, ids=[f[0] for f in COMPOSED])
def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, monkeypatch, text, line, told):
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(f"# @package _global_\n# mine\n{text}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        load(["experiment=mine", *([] if "/talks" in text else ["talks=us_japan"])], config_dir=Path("mine"))
    _is_a_good_message(str(caught.value), told)
    assert str(caught.value).startswith("mine/experiment/mine.yaml:" + (f"{line}: " if line else ""))
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]  # nothing was written


def test_an_experiment_without_its_first_line_is_told(tmp_path: Path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("defaults:\n  - override /talks: us_japan\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"mine\.yaml:1: the first line must be `# @package _global_`"):
        load(["experiment=mine"], config_dir=tmp_path)


def test_an_unfinished_strategy_is_told(tmp_path: Path):
    (tmp_path / "half_done.py").write_text(
        "from pydantic.dataclasses import dataclass\n"
        "from agents.strategies.base import PLUGIN, Strategy\n"
        "@dataclass(frozen=True, config=PLUGIN)\n"
        "class Half(Strategy):\n    pass\n",
        encoding="utf-8",
    )
    change = "countries.JPN.strategy={_target_: half_done.Half}"
    with pytest.raises(UserError, match=r"'half_done\.Half' is not finished: it must define target"):
        load(["talks=us_japan", "~countries.JPN.strategy", f"+{change}"], plugins=tmp_path)


def test_check_reads_the_users_own_files(tmp_path: Path):
    named = {"economy.flows_csv": tmp_path / "flows.csv", "economy.regions_csv": tmp_path / "regions.csv"}
    with pytest.raises(ValueError, match=r"regions\.csv"):
        check(["economy.source=null", *(f"{key}='{path}'" for key, path in named.items())])


def test_a_file_placed_under_hydra_by_its_header_is_refused(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text("# @package hydra.callbacks.x\n_target_: pathlib.Path\n", encoding="utf-8")
    with pytest.raises(UserError, match="may not place itself under `hydra`"):
        scan(path, "x.yaml")


def test_a_folder_with_a_hydra_group_is_refused(tmp_path: Path):
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "evil.yaml").write_text("_target_: os.system\n", encoding="utf-8")
    with pytest.raises(UserError, match="may not hold a group 'hydra'"):
        load([], config_dir=tmp_path)


def test_text_that_is_not_utf8_is_told(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_bytes("title: Zürich\n".encode("latin-1"))
    with pytest.raises(UserError, match="not UTF-8"):
        scan(path, "x.yaml")


def test_a_byte_order_mark_is_told(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text("# @package _global_\nworlds: 5\n", encoding="utf-8-sig")
    with pytest.raises(UserError, match=r"x\.yaml:1: starts with a byte order mark"):
        scan(path, "x.yaml")


def test_aliases_cannot_multiply_without_end(tmp_path: Path):
    lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1]"]
    lines += [f"a{i}: &a{i} [" + ",".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, 9)]
    path = tmp_path / "x.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UserError, match="more than 20000 keys"):
        scan(path, "x.yaml")


def test_too_many_types_or_packages_are_refused(composed):
    config, origins, _ = composed
    data = to_plain(config, origins)
    data["countries"]["JPN"]["types"]["discount_rate_per_year"]["values"] = [0.1 * i for i in range(33)]
    with pytest.raises(UserError, match=r"33 x 2 x 1 = 66 types; at most 64"):
        validate(data, origins)
    data = to_plain(config, origins)
    data["talks"]["japan"]["issues"]["access"]["levels_pct"] = [i / 100 for i in range(500)]
    with pytest.raises(UserError, match=r"11 x 500 x 6 x 6 = 198000 packages; at most 100000"):
        validate(data, origins)


def test_two_talks_over_one_pair_are_refused(composed):
    config, origins, _ = composed
    data = to_plain(config, origins)
    data["talks"]["again"] = data["talks"]["japan"]
    with pytest.raises(UserError, match=r"talks\.again: is over the same pair as talks\.japan"):
        validate(data, origins)


def test_a_stick_with_tariffs_needs_an_economy():
    with pytest.raises(UserError, match=r"talks\.pie\.stick: tariffs and barriers need an economy"):
        load(["experiment=classroom", "talks.pie.stick.threat_pct=5"])


def test_a_missing_key_says_what_it_is(composed):
    config, origins, _ = composed
    data = to_plain(config, origins)
    del data["talks"]["japan"]["partner"]
    with pytest.raises(UserError, match=r"talks.japan.partner: is missing \(country of which it is demanded\)"):
        validate(data, origins)


def test_many_mistakes_take_six_lines(composed):
    config, origins, _ = composed
    data = {**to_plain(config, origins), **{f"x{i}": i for i in range(20)}}
    with pytest.raises(UserError) as caught:
        validate(data, origins)
    assert len(str(caught.value).splitlines()) == 6
    assert str(caught.value).endswith("... and 15 more mistakes")


def _is_a_good_message(text: str, told: str) -> None:
    assert told in text
    assert 1 <= len(text.splitlines()) <= 6
    assert "Traceback" not in text and "pydantic" not in text.partition("frozen")[0]


@pytest.mark.parametrize("overrides, words", UNFIT)
def test_a_strategy_that_could_not_play_is_no_valid_configuration(overrides, words):
    with pytest.raises(ValueError, match=words):
        check(overrides)
