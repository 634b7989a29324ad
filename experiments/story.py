"""One talk of a run in words: what was agreed, who gained what, what the stick was worth, the nearest theory."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.concepts import concepts, nearest
from experiments.markdown import markdown_table, number
from experiments.meeting import Meeting
from sim.columns import SIDE_NAMES
from sim.digest import shown_rungs, type_average
from sim.payoffs import COMPONENTS, utility
from sim.solutions.credibility import leverage
from sim.table import SIDES

UNITS = {"pct": " %", "busd": " bn USD"}
KINDS = {
    "barrier": "cut in trade barriers",
    "security": "a year for security",
    "pledge": "headline pledge",
    "pie": "share of the pie",
}
WORDS = {
    "welfare": "household welfare",
    "revenue": "tariff revenue",
    "balance": "bilateral balance",
    "security": "security payments",
    "pledge": "pledges",
    "concession": "home political cost",
}
VISIBLE = 0.05  # bn USD a year: a component that never reaches this is left out of the table


def talk_story(config, met: Meeting, rows: pd.DataFrame) -> list[str]:
    """Return the section of a summary on one talk; `rows` are its rows of the talks table."""
    agenda = met.table.stakes.agenda
    one, two = names = tuple(config.countries[code].name for code in agenda.pair)
    agreed = rows[rows["deal"]]
    lines = [f"## {agenda.name}: {one} and {two}", ""]
    if agreed.empty:
        zone = 100 * rows["zone_of_agreement"].mean()
        lines += [f"No world reached a deal ({zone:.0f} % of them had a zone of agreement)."]
    else:
        share, half = 100 * len(agreed) / len(rows), middle_round(agreed)
        lines += [f"{share:.0f} % of worlds agreed, half of those by round {half:.0f}. What was agreed:", ""]
        lines += [*_levels(met, names, agreed), "", *_gains(names, agreed), "", *_nearest(met, agreed)]
    lines += _beyond(config.protocol, rows) + _at_home(names, rows)
    moves = agenda.moves is not None
    return [*lines, "", *(_tariffs(met, names, rows) if moves else _stick(met, one, two)), ""]


def _beyond(protocol, rows: pd.DataFrame) -> list[str]:
    """Say in how many worlds talks went on past the first deadline, where it can be put off."""
    if protocol.longest == protocol.rounds:
        return []
    past = (rows["rounds_talked"] > protocol.rounds) | (rows["round"].astype(float) > protocol.rounds)
    return ["", f"In {100 * past.mean():.0f} % of worlds talks went on past round {protocol.rounds}."]


def _at_home(names: tuple[str, str], rows: pd.DataFrame) -> list[str]:
    """Say how often what was signed was refused at home, where somebody ratifies."""
    if "zone_at_home" not in rows or rows["zone_at_home"].isna().all():
        return []
    said = []
    for name, side in zip(names, SIDE_NAMES):
        refused = rows[f"{side}_refused_at_home"]
        if refused.notna().any():
            often, deals = 100 * (refused > 0).mean(), refused.mean()
            said.append(f"{name} refused a signed package at home in {often:.0f} % of worlds ({deals:.2f} a world).")
    zone = 100 * rows["zone_at_home"].astype(float).mean()
    return ["", *said, f"In {zone:.0f} % of worlds some package is no worse than no deal for both and passes at home."]


def middle_round(rows: pd.DataFrame) -> float:
    """Return the round by which half of the deals among some rows were made; NaN without any."""
    return float(rows["round"].astype(float).quantile(0.5, interpolation="lower"))


def _levels(met: Meeting, names: tuple[str, str], agreed: pd.DataFrame) -> list[str]:
    """Return the agreed levels issue by issue."""
    rows = []
    for issue in met.table.grid.issues:
        unit = UNITS[issue.column.rsplit("_", 1)[1]]
        low, half, high = agreed[issue.column].quantile([0.25, 0.5, 0.75], interpolation="nearest")
        tariff = "tariff, " + ("on top" if issue.on_top else "all in")
        words = f"{issue.name} ({KINDS.get(issue.kind, tariff)})"
        offered = f"{issue.shown[0]:g} to {issue.shown[-1]:g}"
        rows.append([words, names[issue.giver], f"{half:g}{unit}", f"{low:g} to {high:g}{unit}", offered])
    return markdown_table(["issue", "given by", "median", "middle half", "on the table"], rows)


def _gains(names: tuple[str, str], agreed: pd.DataFrame) -> list[str]:
    """Return what the deals are worth to each side, by component and in all."""
    mean = agreed.mean(numeric_only=True)
    seen = [c for c in COMPONENTS if (agreed[[f"{s}_{c}" for s in SIDE_NAMES]].abs() > VISIBLE).any(axis=None)]
    rows = [[WORDS[c], *(number(mean[f"{s}_{c}"], 1, sign=True) for s in SIDE_NAMES)] for c in seen]
    total = [mean[f"{s}_utility"] for s in SIDE_NAMES]
    over = [mean[f"{s}_utility"] - mean[f"{s}_no_deal_expected"] for s in SIDE_NAMES]
    rows += [["all, by own weights", *(number(v, 1, sign=True) for v in total)]]
    rows += [["more than no deal", *(number(v, 1, sign=True) for v in over)]]
    return markdown_table(["the deals, before weights", *names], rows)


def _nearest(met: Meeting, agreed: pd.DataFrame) -> list[str]:
    """Say which solution concept the average deal comes nearest to."""
    mean = tuple(float(agreed[f"{s}_utility"].mean()) for s in SIDE_NAMES)
    found = nearest(concepts(met), mean)
    if found is None:
        return ["Theory: no zone of agreement between average types."]
    concept, away = found
    return [f"Nearest concept to the average deal: {concept.label}, {away:.1f} bn USD a year away ({concept.assumes})."]


def _tariffs(met: Meeting, names: tuple[str, str], rows: pd.DataFrame) -> list[str]:
    """Say what tariffs that moved did: the rates last in force, what a year of them costs, how often a truce came.

    Costs are those of average types against the status quo, world by world at the rates last in force.
    """
    lines, last, flows = ["Tariffs moved while talks went on; last in force, on top:"], [], _rung_flows(met)
    for side, name in zip(SIDES, names):
        rates = rows[f"{SIDE_NAMES[side]}_tariff_in_force_pct"]
        shown = shown_rungs(met.table.stakes.agenda, side)
        last.append((np.abs(rates.to_numpy()[:, None] - shown) + _apart(met, side, rows)).argmin(axis=-1))
        start = shown[met.table.stakes.agenda.moves.start[side]]
        lines += [
            f"{name} {rates.mean():.0f} % on average, {rates.max():.0f} % at the highest, {start:.0f} % at first."
        ]
    if met.table.stakes.agenda.moves.withdrawn:
        share = rows["protection_withdrawn_pct"].mean()
        lines += [f"Protection last withdrawn: {share:.0f} % on average; it is counted in what follows."]
    cost = [number(float(flow[last[0], last[1]].mean()), 1, sign=True) for flow in flows]
    top = [number(float(flow[last[0].max(), last[1].max()]), 1, sign=True) for flow in flows]
    one, two = names
    lines += [f"A year of them is worth {cost[0]} to {one} and {cost[1]} to {two} on average;"]
    lines += [f"of the highest of both, {top[0]} and {top[1]} (bn USD, against the status quo)."]
    truce = f"{100 * rows['deal'].mean():.0f} % of worlds came to a truce: a deal, which lifts these tariffs."
    resolve = met.table.stakes.agenda.stick.resolve
    if resolve <= 0:
        return [*lines, truce, "Without a deal the tariffs last in force stay."]
    threat = f"Without a deal the threat falls with probability {100 * resolve:.0f} %; else these tariffs stay."
    return [*lines, truce, threat]


def _apart(met: Meeting, side: int, rows: pd.DataFrame):
    """Return how far (n, rungs) each rung is from the protection last withdrawn, percent; 0 where none can be."""
    withdrawn = met.table.stakes.agenda.moves.withdrawn
    if side or not withdrawn:
        return 0.0
    return np.abs(rows["protection_withdrawn_pct"].to_numpy()[:, None] - 100.0 * np.array(withdrawn))


def _rung_flows(met: Meeting) -> list[np.ndarray]:
    """Return what a year at every pair of rungs is worth to each side's average type, two arrays (rungs, rungs)."""
    flows = []
    for side in SIDES:
        parts = met.table.stakes.rungs[side]
        worth = utility(met.table.types[side], parts.reshape(-1, parts.shape[-1]))
        flows.append(type_average(met.table, side, worth).reshape(parts.shape[:-1]))
    return flows


def _stick(met: Meeting, one: str, two: str) -> list[str]:
    """Say what carrying out the stick would cost each side, and whether it is credible by itself."""
    found, stick = leverage(met.impasse, met.stick), met.table.stakes.agenda.stick
    if not met.has_stick:
        return ["No stick: without a deal what the interim gives goes on."]
    if not bool(found.threat):
        return [f"The stick is no threat: carried out, it would leave {two} no worse than the interim does."]
    own = float(found.holder_loss)
    own = f"{one} {own:.1f}" if own >= 0 else f"brings {one} {-own:.1f}"
    costs = f"it costs {two} {float(found.target_loss):.1f} and {own} bn USD a year."
    lines = ["The stick, carried out instead of leaving the interim in place:", costs]
    if bool(found.credible):
        lines += [f"{one} would rather carry it out than not: it is credible by itself."]
    else:
        ratio = f"For each dollar it costs {one}, {two} loses {float(found.ratio):.1f}."
        lines += [
            f"{ratio} At the deadline {one} would do better to leave",
            "the interim in place: not credible by itself.",
        ]
    chance = f"It falls with probability {100 * stick.resolve:.0f} %; {two} believes {100 * stick.belief:.0f} %."
    return [*lines, chance]
