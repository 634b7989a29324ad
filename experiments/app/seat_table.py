"""The class table: how rounds ended, of one visitor or of all on this server; names are text and nothing else."""

from __future__ import annotations

import csv
import io
import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence

from experiments.app import house
from experiments.app.seat_end import beside_history
from experiments.app.seat_game import Sitting, coded
from experiments.app.seat_words import terms

MOST, MOST_EACH = 2000, 100  # rounds kept of all, and of one visitor
LONGEST = 40  # characters of a name
FORMULAS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")  # a spreadsheet works out a cell that begins so; in full width too
BESIDE = {1: "better", 0: "same", -1: "worse", None: ""}
COLUMNS = (
    "name", "side", "against", "talk", "experiment", "world", "end", "round", "deal", "own_busd", "other_busd",
    "share_pct", "nash_busd", "no_deal_busd", "history", "time", "moves",
)  # fmt: skip
SHOWN = {
    "name": "Name", "side": "Played", "against": "Against", "end": "End", "round": "Round", "own_busd": "Own",
    "other_busd": "Other's", "share_pct": "% of gain", "nash_busd": "Nash", "history": "Beside history", "deal": "Deal",
}  # fmt: skip


class ClassTable:
    """Rounds of all visitors of one server, the latest ones, and the code that lets a teacher clear them."""

    def __init__(self) -> None:
        self._rows: deque = deque(maxlen=MOST)
        self._by: dict[str, int] = {}
        self._lock = threading.Lock()
        self.code = secrets.token_hex(3)

    def add(self, row: dict, visitor: str) -> bool:
        """Take a round in; False where this visitor has brought as many as one may."""
        with self._lock:
            if self._by.get(visitor, 0) >= MOST_EACH:
                return False
            self._by[visitor] = self._by.get(visitor, 0) + 1
            self._rows.append(row)
            return True

    def rows(self) -> list[dict]:
        """Return the rounds, the latest first."""
        with self._lock:
            return list(self._rows)[::-1]

    def clear(self, code: str) -> bool:
        """Forget all rounds if the code is right; without a code where only this machine reaches the page."""
        if house.house().public and not secrets.compare_digest(code.strip().encode(), self.code.encode()):
            return False
        with self._lock:
            self._rows.clear()
            self._by.clear()
        return True


def named(text: str) -> str:
    """Return a name as one short line of printable characters.

    >>> named("  Yuki\\n<b>  "), named("")
    ('Yuki <b>', 'anonymous')
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:LONGEST] or "anonymous"


def record(own: Sitting, side: int, name: str) -> dict:
    """Return a finished game as a row for a side; money in bn USD a year."""
    end, deal = own.end, own.end.story.deal
    nash = next((mark.worth[side] for mark in end.marks if mark.name == "Nash"), None)
    share = float(end.share[side])
    return {
        "name": named(name),
        "side": own.names[side],
        "against": own.opponent(),
        "talk": own.seat.choice.talk,
        "experiment": own.seat.choice.experiment,
        "world": own.seat.world,
        "end": "deal" if deal >= 0 else "no deal",
        "round": end.story.closed + 1 if deal >= 0 else end.story.rounds,
        "deal": terms(own, deal) if deal >= 0 else "",
        "own_busd": round(float(end.final[side]), 3),
        "other_busd": round(float(end.final[1 - side]), 3),
        "share_pct": round(100 * share, 1) if share == share else None,
        "nash_busd": None if nash is None else round(float(nash), 3),
        "no_deal_busd": round(float(end.floor[side]), 3),
        "history": BESIDE[beside_history(own, side)],
        "time": time.strftime("%Y-%m-%d %H:%M"),
        "moves": coded(own.seat.moves),
    }


def as_csv(rows: Sequence[dict]) -> str:
    """Return rounds as CSV; no cell of text begins as a formula would."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{key: safe(row[key]) for key in COLUMNS} for row in rows])
    return out.getvalue()


def safe(cell) -> object:
    """Return a cell that a spreadsheet takes as it stands.

    >>> safe("=1+1"), safe(-2.5), safe("Aiko")
    ("'=1+1", -2.5, 'Aiko')
    """
    return "'" + cell if isinstance(cell, str) and cell.startswith(FORMULAS) else cell
