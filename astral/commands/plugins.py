"""``astral plugins``: what can be chosen by name, and whose code it is."""

from __future__ import annotations

from pathlib import Path

from astral.commands.order import Order, say
from astral.escape import show
from astral.registry import Offer
from astral.reports.grid import Column, grid

KINDS = ("targets", "oracles", "writers", "sources", "reports")
WIDTH = 200


def plugins(order: Order) -> int:
    """A line for each thing that plugins and we offer; exit code 1 where a plugin could not say what it has."""
    registry = order.registry()
    offers = {kind: registry.listed(kind) for kind in KINDS}
    rows = [(kind, offer) for kind, found in offers.items() for offer in found if not offer.trouble]
    columns = [
        Column(("name",), tuple(show(offer.name) for _, offer in rows), left=True),
        Column(("from",), tuple(_place(offer, order.root) for _, offer in rows), left=True),
    ]
    for line in grid(Column(("kind",), tuple(kind.removesuffix("s") for kind, _ in rows), left=True), columns, WIDTH):
        say(line)
    troubles = [offer.trouble for found in offers.values() for offer in found if offer.trouble]
    for trouble in troubles:
        say(f"trouble: {show(trouble, None)}")
    return 1 if troubles else 0


def _place(offer: Offer, root: Path) -> str:
    """Where it comes from; files below the user's directory are named from there."""
    path = Path(offer.made_by)
    if path.is_absolute() and path.is_relative_to(root):
        return show(str(path.relative_to(root)))
    return show(offer.made_by)
