"""The equilibria of a run in words: one section a talk, one on all talks together."""

from __future__ import annotations

import pandas as pd

from experiments.concepts import Concept, surplus_share
from experiments.ladder import ANSWERS, Ladder, belief_rows, strike_range
from experiments.markdown import markdown_table, number
from experiments.meeting import Meeting
from experiments.network import Network, worth_of_place

READING = """Between average types that know each other, unless said; an average type feels a red line in proportion to
how many have it, which no type does. Payoffs are bn USD a year against the pair's status quo, the other talks at their
interim (Nash-in-Nash: at their deals). share: the demander's part of the joint gain over the expected no deal,
whatever threat point a concept itself starts from."""


def talk_text(lab, met: Meeting, rows: list[Concept], steps: Ladder | None) -> list[str]:
    """Return one talk's section: the table of concepts, what each assumes, and the stick."""
    agenda, grid = met.table.stakes.agenda, met.table.grid
    one, two = (lab.config.countries[code].name for code in agenda.pair)
    head = ["concept", one, two, "share", *(i.column for i in grid.issues)]
    body = []
    for c in rows:
        share = 100 * surplus_share(c, rows[0].payoffs)
        shown = [f"{i.shown[grid.index[c.row, k]]:g}" if c.row >= 0 else "–" for k, i in enumerate(grid.issues)]
        body.append([c.label, *(number(v, 1, sign=True) for v in c.payoffs), number(share, 0, " %"), *shown])
    lines = [f"## {met.name}: {one} and {two}", "", *markdown_table(head, body), ""]
    lines += [f"- {c.label}: {c.assumes}" + (f" ({c.note})" if c.note else "") + "." for c in rows]
    return [*lines, "", *_stick(met, one, two, steps), ""]


def _stick(met: Meeting, one: str, two: str, steps: Ladder | None) -> list[str]:
    """Say what the stick does: its rungs, which are credible, what belief buys, what strikes could support."""
    stick = met.table.stakes.agenda.stick
    if not met.has_stick:
        return ["No stick: without a deal what the interim gives goes on."]
    lines = [] if steps is None else _rungs(one, two, steps)
    if steps is not None and max(stick.withdrawal) > 0:
        lines += ["Tariffs alone: the protection withdrawn with the stick is in no deal above, not on the ladder.", ""]
    rows = [[f"{100 * b:.0f} %", *(number(v, 1, sign=True) for v in (*n, *s))] for b, n, s in belief_rows(met)]
    lines += ["What talks yield if both believe the configured stick not at all, half, and fully:", ""]
    lines += markdown_table(["belief", f"Nash: {one}", two, f"subgame-perfect: {one}", two + " "], rows)
    found = strike_range(met)
    if found is not None:
        ends = f"from {found[0]:.1f} to {found[1]:.1f}"
        lines += ["", f"With strikes (rounds of the stick while talking), every payoff of {one} {ends} can be an"]
        lines += ["equilibrium without a deadline, offers in turn, as if the joint surplus were money (Haller & Holden"]
        lines += ["1990): a range, not a prediction."]
    return lines


def _rungs(one: str, two: str, steps: Ladder) -> list[str]:
    """Return the ladder of threats as a table: what each rung changes, and whether it would be carried out."""
    rows = []
    for m, rung in enumerate(steps.rungs):
        best = int(steps.found.answer[m])
        change = [steps.payoffs[side][m, best] - steps.withheld[side] for side in (0, 1)]
        alone = steps.payoffs[0][m, 0] - steps.withheld[0]
        values = (*(number(v, 1, sign=True) for v in change), _yes(steps.found.credible[m]))
        unanswered = (number(alone, 1, sign=True), _yes(steps.unanswered.credible[m]))
        rows.append([f"{100 * rung:g} %", ANSWERS[best][0], *values, *unanswered])
    head = ["rung", "best answer", one, two, "credible", f"{one}, no answer", "credible "]
    words = "The ladder: what a tariff carried out for good changes against leaving the interim for good."
    choice = f"{two} picks the best for itself of no answer, half, mirrored; credible: {one} does not lose by it."
    return [words, choice, "", *markdown_table(head, rows), ""]


def _yes(value) -> str:
    return "yes" if value else "no"


def network_text(network: Network, order: pd.DataFrame) -> list[str]:
    """Return the section on many talks: Nash-in-Nash and what the place in the order is worth."""
    lines = ["## All talks together", ""]
    residual = f"residual {network.residual:.1e} bn USD a year"
    lines += [f"Nash-in-Nash: {network.status} after {network.sweeps} sweeps, {residual}; two starts were tried."]
    if network.several:
        lines += [f"Warning: {len(network.found)} fixed points were found from the two; the table shows one."]
    if order.empty:
        return [*lines, ""]
    place = worth_of_place(order)
    rows = [[talk, *(number(v, 2, sign=True) for v in values)] for talk, values in zip(place.index, place.to_numpy())]
    head = ["partner's payoff in", *(f"place {k}" for k in place.columns)]
    lines += [
        "",
        "What the place in the order of talks is worth to the partner (average over orders; each talk at its Nash",
    ]
    lines += ["package given the deals before it, not foreseeing those to come):", "", *markdown_table(head, rows), ""]
    return lines
