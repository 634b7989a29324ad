"""Three tables of a hub on few packages, that several tests share."""

import functools

from experiments.build import build
from experiments.compose import load
from sim.results import joint_table, talks_table

SMALL = (  # fewer levels: a plain loop over packages is then quick
    "talks.japan.issues.us_tariff.levels_pct=[0.0,7.5,15.0]", "talks.japan.issues.access.levels_pct=[0.0,4.0]",
    "talks.japan.issues.security.levels_busd=[0.0,2.6,5.2]", "talks.japan.issues.pledge.levels_busd=[0.0,330.0]",
    "talks.eu.issues.us_tariff.levels_pct=[0.0,7.5,15.0]", "talks.eu.issues.access.levels_pct=[0.0,2.0]",
    "talks.eu.issues.pledge.levels_busd=[0.0,810.0]", "talks.china.issues.us_tariff.levels_pct=[0.0,20.0,40.0]",
    "talks.china.issues.partner_tariff.levels_pct=[0.0,10.0]", "talks.china.issues.access.levels_pct=[0.0,4.0]",
    "talks.china.issues.pledge.levels_busd=[0.0,30.6]",
)  # fmt: skip


@functools.cache
def lab(*overrides):
    """The three tables on few packages, with these overrides."""
    return build(load(["experiment=three_tables", "figures=false", *SMALL, *overrides]).config)


def rows(own, worlds, size=None, first=0):
    """Rows of talks and of joint payoffs of some worlds, played in chunks of a size."""
    out, end = [[], []], first + worlds
    for at in range(first, end, size or worlds):
        model = own.play(at, min(size or worlds, end - at))
        for found, table in zip(out, (talks_table(model), joint_table(model, own.hub[1]))):
            found += table.to_pylist()
    return out
