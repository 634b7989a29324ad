"""Economies and tariffs that several tests of the trade model share."""

import numpy as np

from sim.economy import Economy, TradeParameters


def random_economy(seed, n=4, s=1, active=True, closure="world_gdp", rebate="income_tax"):
    """A random economy; `active` switches on every parameter and baseline tariffs."""
    rng = np.random.default_rng(seed)
    gdp = np.exp(rng.normal(6, 1, n))
    flows = np.outer(gdp, gdp)[None] / gdp.sum() / s * np.exp(rng.normal(0, 0.3, (s, n, n))) * 0.3
    flows[:, range(n), range(n)] = gdp * rng.uniform(0.2, 1, (s, n))
    parameters = TradeParameters(closure=closure, rebate=rebate)
    if active:
        parameters = TradeParameters(
            trade_elasticity=tuple(rng.uniform(2, 7, s)),
            scale_elasticity=tuple(rng.uniform(0, 0.14, s)),
            labour_supply=float(rng.uniform(0.1, 1)),
            pass_through=tuple(rng.uniform(0.3, 1.2, n)),
            foreign_share=tuple(rng.uniform(0, 0.4, n)),
            rebate=rebate,
            closure=closure,
        )
    names = [f"E{k}" for k in range(n)]
    return Economy.from_arrays(
        names, flows, gdp, tariffs=random_tariffs(rng, n, s, 0.2)[0] if active else 0.0, parameters=parameters
    )


def random_tariffs(rng, n, s=1, high=0.6, count=1):
    """Random tariffs (count, s, n, n) below `high`, none at home."""
    tariffs = rng.uniform(0, high, (count, s, n, n))
    tariffs[..., range(n), range(n)] = 0
    return tariffs


def random_icebergs(rng, n, s=1, count=1):
    icebergs = rng.uniform(0.85, 1.15, (count, s, n, n))
    icebergs[..., range(n), range(n)] = 1
    return icebergs


def on_imports(economy, importer, **rates):
    """Tariffs (N, N) of one importer by exporter name, everything else at the status quo."""
    tariffs = economy.tariffs[0].copy()
    for exporter, rate in rates.items():
        tariffs[economy.index(exporter), economy.index(importer)] = rate
    return tariffs
