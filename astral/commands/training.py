"""``astral calibrate LABELS --train OUT``: a probe trained on people's labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from astral.calibration.labels import LabelFile
from astral.commands.order import Order, say
from astral.context import Context
from astral.cost import Forecast, Span, check_budget, check_priced, embedding
from astral.cost.forecast import CHARACTERS_A_TOKEN
from astral.cost.wording import price_text, tokens
from astral.errors import LabelsError
from astral.escape import show
from astral.header import now

METHODS = {"mean": "mean-difference"}
"""Short words for ``--method`` beside the names that the probe's file has."""


def train(order: Order, shown: str, file: LabelFile) -> int:
    """Train, write the file, and say what its held-out figures are. Raises AstralError."""
    from astral.calibration.training import train as trained
    from astral.calibration.training import training_lines, write_probe
    from astral.embeddings.choose import build_embedder

    context, out = order.context(), order.options["--train"]
    if not file.rows:
        raise LabelsError(f"{shown}: no row is labelled safe or unsafe; label some")
    embedder = build_embedder(order.settings.embedder, context.network)
    _foresee(order, context, file)
    if order.settings.dry_run:
        return 0
    typed = order.options.get("--method", "mean")
    probe = trained(
        file.rows,
        embedder,
        METHODS.get(typed, typed),
        setting=order.settings.embedder.text,
        sha256=file.sha256,
        made=now(),
    )
    write_probe(probe, order.root / Path(out))
    for line in training_lines(probe):
        say(line)
    say("")
    say(f"probe: {show(out)}; it judges as oracle=probe:{show(out)}")
    return 0


def _foresee(order: Order, context: Context, file: LabelFile) -> None:
    """Say what embedding the labelled texts costs, and that the budget bears it."""
    network, texts = context.network, [text for row in file.rows for text in (*row.turns, row.response)]
    size = Span.of(sum(map(len, texts)) // CHARACTERS_A_TOKEN)
    uses = embedding(order.settings.embedder)
    plan = Forecast(tuple(replace(use, input=use.input + size) for use in uses))
    note = " (dry run: nothing sent)" if order.settings.dry_run else ""
    if not uses:
        name = show(order.settings.embedder.text, 80)
        say(f"astral: {len(file.rows)} labelled answers, embedded by {name}{note}")
        return
    check_priced(plan.uses, network.budget.budget, network.prices)
    check_budget(plan, network.budget, network.prices, cells="pairwise")
    where = f"{show(uses[0].model, 80)} at {show(uses[0].endpoint, 80)}"
    say(
        f"astral: {len(file.rows)} labelled answers, embedded by {where}: "
        f"~{tokens(size)} tokens, {price_text(plan, network.prices)}, budget {network.budget.budget}{note}"
    )
