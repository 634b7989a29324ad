"""Where each key enters the model: the section of the pages, the module, and what it does there in one line."""

from __future__ import annotations

from typing import NamedTuple


class Enters(NamedTuple):
    """A page and its section, the module that uses the key, and its equation in words or symbols."""

    page: str
    section: str
    module: str
    how: str


MODEL, ECONOMY, RUN = "docs/model.md", "docs/theory/economy.md", "docs/results.md"
TALKS = (MODEL, "4. Talks (`sim/protocols/`, `sim/model.py`, `agents/country.py`)")
SECTIONS = {  # first word of a key's home: page, section, module
    "run": (RUN, "What a run leaves behind", "experiments/run.py"),
    "economy": (ECONOMY, "Counterfactual: exact hat algebra", "sim/trade.py"),
    "country": (MODEL, "5. Strategies (`agents/strategies/`)", "agents/country.py"),
    "design": ("docs/sweeps.md", "Designs: what a command line cannot say", "experiments/sweep/design.py"),
    "sweep": ("docs/sweeps_on_clusters.md", "One machine", "experiments/sweep/store.py"),
    "weights": (MODEL, "2. Payoffs (`sim/payoffs.py`, `sim/assess.py`, `sim/table.py`)", "sim/payoffs.py"),
    "types": (MODEL, "2. Payoffs (`sim/payoffs.py`, `sim/assess.py`, `sim/table.py`)", "sim/payoffs.py"),
    "talk": (MODEL, "1. Packages (`sim/deals.py`)", "sim/table.py"),
    "issues": (MODEL, "1. Packages (`sim/deals.py`)", "sim/deals.py"),
    "stick": (MODEL, "3. Sticks (`sim/sticks.py`)", "sim/sticks.py"),
    "ratification": (*TALKS, "sim/ratification.py"),
    "hub": (MODEL, "7. Many talks at once (`sim/hub.py`, `sim/joint.py`)", "sim/hub.py"),
    "moves": (MODEL, "6. Sticks as moves (`sim/moves.py`, `agents/sticks/`)", "sim/moves.py"),
    "strategy": (MODEL, "5. Strategies (`agents/strategies/`)", ""),
    "policy": (MODEL, "6. Sticks as moves (`sim/moves.py`, `agents/sticks/`)", ""),
    "protocol": (*TALKS, ""),
}
ELSEWHERE = {  # keys whose place is not that of their first word
    "run.seed": (*TALKS, "sim/draws.py"),
    "run.information": (MODEL, "5. Strategies (`agents/strategies/`)", "sim/view.py"),
    "economy.source": (ECONOMY, "Baseline", "sim/economy.py"),
    "economy.flows_csv": ("docs/own_data.md", "Your own economies", "sim/economy_csv.py"),
    "economy.regions_csv": ("docs/own_data.md", "Your own economies", "sim/economy_csv.py"),
    "economy.keep": (ECONOMY, "Baseline", "sim/economy.py"),
    "economy.tariffs_pct": (ECONOMY, "Baseline", "sim/economy.py"),
    "country.name": (RUN, "What a run leaves behind", "sim/plots/style.py"),
    "country.weight_spread_pct": (SECTIONS["types"][0], SECTIONS["types"][1], "sim/model.py"),
    "country.audience_cost_busd": SECTIONS["types"],
    "types.discount_rate_per_year.values": (*TALKS, "sim/model.py"),
    "types.discount_rate_per_year.probabilities": (*TALKS, "sim/model.py"),
    "stick.outside_option_demander_busd": (*TALKS, "sim/view.py"),
    "stick.outside_option_partner_busd": (*TALKS, "sim/view.py"),
}
HOW = {
    "run.title": "heads the summary and the manifest; moves no number",
    "run.question": "stands below the title of the summary; moves no number",
    "run.seed": "key of the counter-based draws: a world's draws depend on seed, purpose, world and round alone",
    "run.worlds": "R, the first axis of every array; the standard error of a share p is √(p (1 − p) / R)",
    "run.information": "what a View hands a strategy of the other side: nothing, its finite types, or the type drawn",
    "run.offers": "writes one row for every offer made; moves no number",
    "run.figures": "draws figures/; moves no number",
    "run.dry_run": "counts and times; plays no world",
    "design": "which cells a sweep has; every cell is a run of its own",
    "sweep": "how the cells of a sweep are run; moves no number",
    "economy.source": "flows X and GDP of the baseline: Y = income, D = E − Y − R",
    "economy.flows_csv": "X_ij off the diagonal; domestic sales follow from GDP",
    "economy.regions_csv": "GDP_i = Y_i + R_i of the baseline",
    "economy.keep": "the economies with an index of their own; the rest are added up into ROW, tariffs trade-weighted",
    "economy.trade_elasticity": "ε: trade shares λ' ∝ λ (ĉ d)^(−ε) ((1 + t) / (1 + t0))^(−ε φ)",
    "economy.labour_supply": "κ: labour L̂ = (τ̂ ŵ / P̂)^κ, and the effort V = κ / (1 + κ) · Y / (1 − R / Y) in EV",
    "economy.scale_elasticity": "ψ: cost ĉ = ŵ L̂^(−ψ)",
    "economy.pass_through": "φ_j: the part of a tariff in the buyer's price, ((1 + t) / (1 + t0))^(−ε φ_j)",
    "economy.foreign_share": "ν_j: income Y_i = Σ_j (1 − ν_j) X_ij + ν_i Σ_k X_ki",
    "economy.rebate": "τ̂: 1 for a lump sum, else (1 − R0 / Y) / (1 − R' / (ŵ L̂ Y))",
    "economy.closure": "budget E' = ŵ L̂ Y + R' + D G; `balanced` solves D = 0 once and calls that the baseline",
    "economy.tariffs_pct": "t0, the tariffs of the status quo at which every utility is zero",
    "country.name": "stands in tables and figures; moves no number",
    "country.weight_spread_pct": "100 s: each weight times exp(s z), z standard normal, drawn for every world",
    "country.audience_cost_busd": "u − weight(concession) · audience cost where an own opening passes the red line",
    "weights.welfare": "u = Σ weight · component; component: the equivalent variation EV",
    "weights.revenue": "u = Σ weight · component; component: R' / P̂ − R0, own tariff revenue",
    "weights.protection": "nothing yet: a favoured sector needs an economy with sectors",
    "weights.balance": "u = Σ weight · component; component: (X'_ij − X'_ji) / P̂ − (X_ij − X_ji)",
    "weights.security": "u = Σ weight · component; component: payments received less made, and withdrawn protection",
    "weights.pledge": "u = Σ weight · component; component: pledges (and pies) received less given",
    "weights.concession": "u = Σ weight · component; component: − Σ home_cost · opening², and the audience cost",
    "types.discount_rate_per_year.values": "δ = exp(−(rate + reopening rate) · days / 365), one drawn a world",
    "types.discount_rate_per_year.probabilities": "chance of each discount rate; average types weigh by it",
    "types.red_line_pct.values": "audience cost where the largest own opening > red line, one drawn a world",
    "types.red_line_pct.probabilities": "chance of each red line; average types weigh by it",
    "types.weights.probability": "chance of this set of weights; average types weigh by it",
    "types.weights": "takes the place of the country's own weight in a share of the worlds",
    "talk.demander": "side 0: holds the stick; its no deal is weighed by resolve",
    "talk.partner": "side 1: its no deal is weighed by belief",
    "issues.giver": "whose tariff, market, payment or promise it is; its opening costs it home_cost · opening²",
    "issues.receiver": "who gains by the opening",
    "issues.home_cost_busd": "concession = − Σ home_cost · opening², opening: the share given of the whole range",
    "issues.kind": "tariff, barrier, security, pledge or pie: what the level sets",
    "issues.tariff.levels_pct": "t of the giver on the receiver, the whole rate or on top of t0",
    "issues.tariff.basis": "all_in: t = level; on_top: t = t0 + level",
    "issues.tariff.mfn": "true: the giver's tariff on every exporter is lowered to the level, never raised",
    "issues.barrier.levels_pct": "iceberg cost of the receiver's goods in the giver's market: d = 1 − level",
    "issues.security.levels_busd": "− level to the giver, + level to the receiver; moves no price",
    "issues.pledge.levels_busd": "− cost · realised · level / years to the giver, + value · ... to the receiver",
    "issues.pledge.years": "divides the headline: cost · realised · level / years",
    "issues.pledge.realised_pct": "the realised share in cost · realised · level / years",
    "issues.pledge.cost": "the giver's cost per dollar realised: − cost · realised · level / years",
    "issues.pledge.value": "the receiver's value per dollar realised: + value · realised · level / years",
    "issues.pie.size_busd": "the giver keeps size − level",
    "issues.pie.levels_busd": "the receiver gets the level, the giver size − level",
    "stick.interim_pct": "tariff of the demander while talks go on; acts as (1 − share) · rate + share · sector",
    "stick.threat_pct": "tariff of the demander when the stick falls; acts as (1 − share) · rate + share · sector",
    "stick.sector_pct": "the sector's rate in (1 − share) · rate + share · sector, in interim and threat",
    "stick.sector_share_pct": "the share in (1 − share) · rate + share · sector",
    "stick.interim_answer_pct": "tariff of the partner while talks go on",
    "stick.answer": "tariff of the partner when the stick falls: its interim one, the same, a factor, a list",
    "stick.answer_factor": "answer = factor · effective threat, for `proportional`",
    "stick.answer_pct": "answer = interim answer + rate · share of the list, for `list`",
    "stick.answer_share_pct": "answer = interim answer + rate · share of the list, for `list`",
    "stick.resolve_pct": "ρ: the demander expects ρ · stick + (1 − ρ) · interim; the stick is drawn with chance ρ",
    "stick.belief_pct": "β: the partner expects β · stick + (1 − β) · interim without a deal",
    "stick.withdrawal_partner_busd": "taken off the partner's component `security` when the stick falls",
    "stick.withdrawal_demander_busd": "taken off the demander's component `security` when the stick falls",
    "stick.outside_option_demander_busd": "w: floor = max(no deal, w); a bound, no threat point; taken after a refusal",
    "stick.outside_option_partner_busd": "w: floor = max(no deal, w); a bound, no threat point; taken after a refusal",
    "moves.demander_rungs_pct": "rates the policy moves among; the round's flow is u(rungs), the last in force stay",
    "moves.partner_rungs_pct": "rates the policy moves among; the round's flow is u(rungs), the last in force stay",
    "moves.demander_withdrawal_pct": "takes this share of both sides' withdrawal costs off `security` on each rung",
    "ratification.weights": "the pivotal member's u = Σ weight · component; passed where u ≥ its no deal + threshold",
    "ratification.threshold_busd.values": "passed where the pivot's u ≥ its no deal + threshold, one drawn a world",
    "ratification.threshold_busd.probabilities": "chance of each threshold",
    "ratification.threshold_busd.spread": "threshold + spread · z, z standard normal, drawn a world",
    "ratification.known": "true: the side signs only packages of its win-set; false: what it signed can be refused",
    "ratification.on_rejection": "a package refused at home: the round counts as refused, or no deal at once",
    "hub.attends": "how many of a demander's open talks are played in a round; the others wait",
    "hub.order": "which open talks come first: two-way trade, a list, the demander's own gain at Nash, a draw",
    "hub.listed": "the list of `order: list`",
    "hub.turns": "true: talks sat down to least often come first, then the order",
    "hub.others": "state of the other talks in a talk's payoffs: interim, deals struck so far, deals expected",
    "strategy.TimeBased.exponent": "target = best − (best − floor) · (r / T)^(1 / exponent)",
    "strategy.TimeBased.flexibility_pct": "packages worth up to this share of best − floor above the target are equals",
    "strategy.Hardliner.demand_pct": "target = floor + demand · (best − floor), in every round",
    "strategy.TitForTat.factor": "target = best − factor · (gain from the other's first to its last offer)",
    "strategy.TitForTat.kind": "the gain in own utility, its share of the way, or with the mean of the last offers",
    "strategy.TitForTat.window": "number of the other's last offers in the mean, for `averaged`",
    "strategy.Mixture.strategies": "one of them plays a world from first round to last",
    "strategy.Mixture.probabilities": "chance with which each is drawn, once a world",
    "strategy.Trembling.strategies": "the strategy whose decisions are played, or turned round in error",
    "strategy.Trembling.error_pct": "chance of an error, each time: any package offered, the opposite answer given",
    "strategy.Bayesian.exponent": "own target = best − (best − floor) · (r / T)^(1 / exponent)",
    "strategy.Bayesian.other_exponent": "type k is taken to ask for best − (best − no deal) · (r / T)^(1 / exponent)",
    "strategy.Bayesian.noise_pct": "likelihood of an offer ∝ exp(−z² / 2), z = (u_k − asked) / (noise · range)",
    "strategy.Obstinate.demand_pct": "its demand: the package this share of the way from no deal to its best",
    "strategy.Obstinate.obstinate_pct": "z_i: chance that it never gives in; the war ends at T0 = min(−ln z_i / λ_i)",
    "strategy.Obstinate.other_demand_pct": "a_j of the hazard λ_i = r_j (1 − a_i) / (a_i + a_j − 1)",
    "strategy.Obstinate.other_obstinate_pct": "z_j, known of the other side",
    "policy.Climb.step": "rung + step after an own offer was refused, up to the top",
    "policy.Salami.every": "rung + 1 every so many rounds, up to the top",
    "policy.Mirror.factor": "the highest own rate ≤ factor · the rate it faces",
    "protocol.AlternatingOffers.rounds": "T: payoff (1 − δ^T) · impasse + δ^T · final; then the deadline state",
    "protocol.AlternatingOffers.days_per_round": "δ = exp(−(rate + reopening rate) · days / 365)",
    "protocol.AlternatingOffers.proposer": "who offers: drawn each round, or the sides in turn",
    "protocol.AlternatingOffers.demander_proposes_pct": "chance that side 0 is drawn to offer",
    "protocol.AlternatingOffers.hazard_pct": "h: chance after a refusal that the drawn deadline state follows at once",
    "protocol.AlternatingOffers.reopen_rate_per_year": "δ = exp(−(rate + reopening rate) · days / 365)",
    "protocol.AlternatingOffers.extension_chance_pct": "chance that a deadline that passes is put off",
    "protocol.AlternatingOffers.extension_rounds": "rounds added to T by an extension",
    "protocol.AlternatingOffers.max_extensions": "T ends at rounds + max_extensions · extension_rounds",
    "protocol.MonotonicConcession.rounds": "T, two an exchange: offers are sealed, then opened",
    "protocol.MonotonicConcession.days_per_round": "δ = exp(−(rate + reopening rate) · days / 365)",
    "protocol.MonotonicConcession.standstill_ends": "true: the drawn deadline state follows when nobody moves",
    "protocol.MonotonicConcession.reopen_rate_per_year": "δ = exp(−(rate + reopening rate) · days / 365)",
}


def enters(home: str) -> Enters | None:
    """Return where the key of this home enters, None for a class of the user's own.

    >>> enters("stick.belief_pct").module, enters("types.weights.revenue").how[:5]
    ('sim/sticks.py', 'takes')
    """
    names = home.split(".")
    short = ".".join(n for i, n in enumerate(names) if not (names[0] == "issues" and i == 1))
    above = ".".join(names[:-1])
    how = next((HOW[key] for key in (home, short, above) if key in HOW), None)
    if how is None:
        return None
    return Enters(*ELSEWHERE.get(home, SECTIONS[names[0]]), how)
