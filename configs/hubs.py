"""The node of the configuration about a hub: how a demander with several talks deals with them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Literal

from pydantic import Field

from configs.fields import Name, Node, fault, quantity
from configs.fields import listed as list_of


class Hub(Node):
    """How a demander with several talks deals with them: limited attention, and what deals do to the other talks."""

    attends: int = quantity(1, "talks that a demander sits down to in a round", "talks", ge=1, le=100)
    order: Literal["trade", "list", "gain", "random"] = Field(
        "trade", description="which open talks come first: most trade, as listed, most to gain, drawn each round"
    )
    listed: list_of(Name, 0) = Field((), description="talks in order, for order list; others come behind")
    turns: bool = Field(False, description="whether those attended to least often come first, then by the order")
    others: Literal["interim", "struck", "expected"] = Field(
        "struck", description="the other talks as a talk's payoffs take them: interim, deals so far, deals to come"
    )


def check_hub(hub: Hub | None, talks: dict, economy) -> None:
    """Refuse what a hub cannot be played with, naming the key."""
    if hub is None:
        return
    for number, name in enumerate(hub.listed):
        if name not in talks:
            near = get_close_matches(name, talks, 1)
            meant = f"; did you mean '{near[0]}'?" if near else ""
            raise fault(f"hub.listed.{number}", f"no talk '{name}'; there are {', '.join(talks)}{meant}")
        if name in hub.listed[:number]:
            raise fault(f"hub.listed.{number}", f"'{name}' is listed twice")
    for name, talk in talks.items():
        if talk.moves is not None:
            why = "a hub and tariffs that move while talks go on do not go together; set moves to null, or hub=none"
            raise fault(f"talks.{name}.moves", why)
        laws = (talk.ratification.demander, talk.ratification.partner) if talk.ratification else ()
        if any(laws) and hub.others != "interim":
            why = f"with hub.others={hub.others} what a legislature weighs would change with deals elsewhere"
            raise fault(f"talks.{name}.ratification", f"{why}; set hub.others=interim, or leave one of them out")
        if hub.order == "trade" and (economy is None or not {talk.demander, talk.partner} <= set(economy.keep)):
            why = f"trade orders the talks, but {talk.demander} and {talk.partner} of talk {name} are in no economy"
            raise fault("hub.order", f"{why}; use list, gain or random")
