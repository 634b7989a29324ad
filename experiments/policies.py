"""`bargain policies`: what each way of moving a tariff buys and costs, against each way of answering it.

The same worlds are played under every pair of policies with the same draws, so that differences are those of the
policies: their standard errors come from world-by-world differences (common random numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from experiments.build import Lab
from experiments.compose import CONFIGS, Loaded, load
from experiments.folder import RunFolder
from experiments.made import made
from experiments.markdown import markdown_table, number
from experiments.messages import UserError
from experiments.options import Options, parse
from experiments.plugins import build
from sim import plots
from sim.columns import SIDE_NAMES
from sim.plots.policies import bought_by_policies
from sim.protocols.base import DEAL
from sim.table import SIDES

DEFAULT = "experiment=escalation_china"
WORLDS = 1_000  # played under each pair of policies at the most
BASE = "wait"  # what every policy is set against
ANSWERS = ("wait", "mirror", "proportional", "grim")
USE = f"usage: bargain policies [key=value ...] [--out DIR], e.g. bargain policies {DEFAULT} worlds=500"
MOVING = "bargain policies needs talks whose tariffs move: experiment=escalation_china, or policies for a talk's moves"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one talk under one pair of policies, world by world (R): money in bn USD a year."""

    deal: np.ndarray  # (R,) yes or no
    tariff: np.ndarray  # (R,) the demander's agreed tariff, percent; NaN without a deal
    payoff: np.ndarray  # (R, 2) discounted from the first round on
    talking: np.ndarray  # (R, 2) the part of it that was earned while talks went on
    moved: tuple[bool, bool]  # whether each side's tariff ever left its first rung


def main(argv: list[str]) -> int:
    """Play every pair of policies, print a table for each answer, write it with its figure, return the exit code."""
    options = parse(argv)
    loaded = _load(options)
    lab = made(loaded)
    moving = [stakes.agenda.name for stakes in lab.stakes if stakes.agenda.moves is not None]
    if not moving:
        raise UserError("policies: no tariff moves in these talks", MOVING, USE)
    policies = shipped(options)
    texts = []
    with RunFolder(options.out or Path(loaded.run_dir)) as folder:
        for talk in moving:
            frame = compare(lab, talk, policies)
            texts.append(text(lab, talk, frame))
            _write(folder.work, lab, talk, frame)
        (folder.work / "policies.md").write_text("\n".join(texts), encoding="utf-8")
        place = folder.finish()
    if not options.silent:
        print("\n".join(texts))
        print(f"data and figures: {place}")
    return 0


def _load(options: Options) -> Loaded:
    """Load the talks asked for; where none are chosen, the escalation with China."""
    asked = options.overrides
    chosen = any(word.partition("=")[0] in ("experiment", "talks") for word in asked)
    words = asked if chosen else (DEFAULT, *asked)
    return load(words, plugins=options.plugins, config_dir=options.config_dir)


def shipped(options: Options) -> dict[str, object]:
    """Return every stick policy there is a YAML file for, by its name; those of --config-dir too."""
    folders = [CONFIGS] + ([options.config_dir] if options.config_dir else [])
    files = {path.stem: path for folder in folders for path in sorted((folder / "policy").glob("*.yaml"))}
    return {name: _policy(path, options.plugins) for name, path in sorted(files.items())}


def _policy(path: Path, plugins: Path | None) -> object:
    node = yaml.safe_load(path.read_text(encoding="utf-8"))
    return build(node, "policy", f"policy/{path.name}", plugins)


def compare(lab: Lab, talk: str, policies: dict[str, object]) -> pd.DataFrame:
    """Return a row for each pair of policies of one talk: shares, means, and differences from waiting."""
    rows = []
    for answer, partner in answers(lab, talk, policies):
        base = played(lab, talk, policies[BASE], partner)
        for name, demander in policies.items():
            found = base if name == BASE else played(lab, talk, demander, partner)
            head = {"talk": talk, "policy": name, "answer": answer, "worlds": len(found.deal)}
            rows.append(head | _row(found, base))
    return pd.DataFrame(rows)


def answers(lab: Lab, talk: str, policies: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Yield (name, policy) of the partner: the configured one first, then the others it is compared with."""
    own = lab.config.talks[talk].moves.partner
    own = policies[BASE] if own is None else own
    name = next((name for name, policy in policies.items() if policy == own), type(own).__name__.lower())
    yield name, own
    yield from ((other, policies[other]) for other in ANSWERS if other != name)


def played(lab: Lab, talk: str, demander: object, partner: object) -> Outcome:
    """Play the first worlds of a run with these policies in one talk."""
    stakes = tuple(_with(own, (demander, partner)) if own.agenda.name == talk else own for own in lab.stakes)
    model = replace(lab, stakes=stakes).play(0, min(lab.config.worlds, WORLDS))
    found = next(own for own in model.talks if own.name == talk)
    payoff = np.stack([found.discounted(side) for side in SIDES], axis=-1)
    weight = [np.power(found.seats[side].discount, found.closed) * found.final(side) for side in SIDES]
    grid, deal = found.agenda.grid, found.ending == DEAL
    own = next((k for k, issue in enumerate(grid.issues) if issue.kind == "tariff" and issue.giver == 0), None)
    levels = np.full(len(grid), np.nan) if own is None else grid.issues[own].shown[grid.index[:, own]]
    record = found.sticks.record
    start = np.array(found.agenda.moves.start)
    stood = ((record != start) & (record >= 0)).any(axis=(0, 1))
    return Outcome(
        deal,
        np.where(deal, levels[np.maximum(found.row, 0)], np.nan),
        payoff,
        payoff - np.stack(weight, axis=-1),
        (bool(stood[0]), bool(stood[1])),
    )


def _with(stakes, policies: tuple):
    """Return the same stakes with other policies; what the rungs are worth does not depend on who climbs them."""
    agenda = stakes.agenda
    return replace(stakes, agenda=replace(agenda, moves=replace(agenda.moves, policies=policies)))


def _row(found: Outcome, base: Outcome) -> dict:
    """Return means with standard errors, and the differences from `base`, world by world."""
    row = {"moved": found.moved[0], "partner_moved": found.moved[1]}
    row |= _mean("deal_rate_pct", 100.0 * found.deal)
    row |= _mean("tariff_pct", found.tariff[found.deal])
    both = found.deal & base.deal
    row |= _mean("tariff_gain_pct", (found.tariff - base.tariff)[both])
    row |= _mean("deal_rate_gain_pct", 100.0 * (found.deal.astype(float) - base.deal))
    for side, name in zip(SIDES, SIDE_NAMES):
        row |= _mean(f"{name}_payoff", found.payoff[:, side])
        row |= _mean(f"{name}_talking", found.talking[:, side])
        row |= _mean(f"{name}_gain", found.payoff[:, side] - base.payoff[:, side])
    return row


def _mean(name: str, values: np.ndarray) -> dict:
    """Return a mean and its standard error; NaN where there is nothing to average, or one world alone."""
    count = len(values)
    mean = float(np.mean(values)) if count else np.nan
    error = float(np.std(values, ddof=1) / np.sqrt(count)) if count > 1 else np.nan
    return {name: mean, f"{name}_se": error}


def text(lab: Lab, talk: str, frame: pd.DataFrame) -> str:
    """Return the comparison of one talk as markdown that reads well on a screen: a table for each answer."""
    node = lab.config.talks[talk]
    one, two = (lab.config.countries[code].name for code in (node.demander, node.partner))
    count = int(frame["worlds"].iloc[0])
    lines = [f"# What moving a tariff buys: {one} and {two}", ""]
    lines += [f"{count:,} worlds, the same under every pair of policies. Payoffs in bn USD a year against the status"]
    lines += ["quo, from the first round on; talking: the part earned while talks went on; over wait: the difference"]
    lines += ["from leaving the tariff where it is, world by world, ± one standard error.", ""]
    lines += [f"{one} moves by each policy in turn; {two} answers by one policy at a time.", ""]
    still = unmoved(frame)
    head = ["policy", "deals", "tariff", one, two, f"talking {one}", f"talking {two}"]
    head += [f"{one} over wait", f"{two} over wait"]
    for k, answer in enumerate(dict.fromkeys(frame["answer"])):
        rows = frame[(frame["answer"] == answer) & ~frame["policy"].isin(still)]
        lines += [f"## {two} answers by: {answer}{' (as configured)' if k == 0 else ''}", ""]
        lines += [*markdown_table(head, [_cells(row) for _, row in rows.iterrows()]), ""]
    if still:
        lines += [f"By these the tariff never moved, so that they are the same as wait: {', '.join(still)}.", ""]
    return "\n".join(lines)


def unmoved(frame: pd.DataFrame) -> list[str]:
    """Return the policies, waiting aside, by which the demander's tariff never moved against any answer."""
    return sorted(set(frame["policy"]) - set(frame.loc[frame["moved"], "policy"]) - {BASE})


def _cells(row) -> list[str]:
    cells = [row["policy"], number(row["deal_rate_pct"], 0, " %"), number(row["tariff_pct"], 1, " %")]
    cells += [number(row[f"{side}_{what}"], 1, sign=True) for what in ("payoff", "talking") for side in SIDE_NAMES]
    for side in SIDE_NAMES:
        gain = number(row[f"{side}_gain"], 2, sign=True)
        cells.append("" if row["policy"] == BASE else f"{gain} ± {number(row[f'{side}_gain_se'], 2)}")
    return cells


def _write(place: Path, lab: Lab, talk: str, frame: pd.DataFrame) -> None:
    node = lab.config.talks[talk]
    frame.to_csv(place / f"policies_{talk}.csv", index=False, float_format="%.12g")
    names = {code: country.name for code, country in lab.config.countries.items()}
    shown = frame[~frame["policy"].isin(unmoved(frame))]
    axes = bought_by_policies(shown, pair=(node.demander, node.partner), names=names)
    plots.save(axes[0].get_figure(), place, f"policies_{talk}")
