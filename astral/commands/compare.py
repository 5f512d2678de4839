"""``astral compare``: two stored runs, or two targets, over the same prompts."""

from __future__ import annotations

import shutil
import sys

from astral.commands.order import Order, say
from astral.commands.sides import Sides
from astral.comparison import compare as held_together
from astral.errors import SettingsError
from astral.escape import show
from astral.formats import check_places
from astral.reports.comparison import lines
from astral.setting_values import ReportSpec
from astral.settings import parse_pairs

FORMATS = ("html", "json", "md")


def compare(order: Order) -> None:
    """Print what changed from the first to the second, and write it to the files that were asked for. It is no gate."""
    reports = _reports(order)
    check_places(reports, order.root)
    chosen = Sides(order.directory, order.root).choose(order.words)
    found = held_together(
        chosen.first.sample, chosen.second.sample, chosen.targets, (chosen.first.about, chosen.second.about)
    )
    if reports:
        from astral.reports.comparison_files import write_comparison  # jinja2 and the templates: not for every call

        for spec in reports:
            write_comparison(found, spec, order.root)
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    width = min(shutil.get_terminal_size().columns, 120)
    for line in (*lines(found, width=width, unicode="utf" in encoding.lower()), *_written(reports)):
        say(line)


def _reports(order: Order) -> tuple[ReportSpec, ...]:
    """Those of the command line: reports that the ini file names are of runs, and stay as they are."""
    if "report" not in parse_pairs(order.config.getoption("astral") or ()):
        return ()
    for spec in order.settings.report:
        if spec.format not in FORMATS:
            raise SettingsError(f"report={show(str(spec))}: a comparison is written as {', '.join(FORMATS)}")
    return order.settings.report


def _written(reports: tuple[ReportSpec, ...]) -> list[str]:
    return ["", *(f"report: {show(str(spec.path))}" for spec in reports)] if reports else []
