"""Every figure: f(data, ..., *, ax=None) -> Axes, of the frames of sim.columns; nothing is written, no global state.

`payoff_spaces` and `offers_panels` draw small multiples: they take `fig=None` and return their axes.
"""

from sim.plots.carrots import sticks_against_carrots
from sim.plots.files import save
from sim.plots.offers import offers_over_weeks, offers_panels
from sim.plots.payoff_space import payoff_space, payoff_spaces
from sim.plots.shares import who_gets_what
from sim.plots.style import COUNTRY_COLOURS, colours, issue_label
from sim.plots.tariffs import agreed_tariffs
from sim.plots.timing import deal_timing

__all__ = [
    "COUNTRY_COLOURS",
    "agreed_tariffs",
    "colours",
    "deal_timing",
    "issue_label",
    "offers_over_weeks",
    "offers_panels",
    "payoff_space",
    "payoff_spaces",
    "save",
    "sticks_against_carrots",
    "who_gets_what",
]
