"""For workers of xdist (``-p crashing``): ``CRASH=one|all:HOOK`` ends one of them once, or each at its first item.

The end is ``os._exit``: nothing is flushed, closed or reported.
"""

import os
from pathlib import Path

WHO, _, HOOK = os.environ.get("CRASH", ":").partition(":")


def crash(item):
    if not hasattr(item.config, "workerinput"):
        return
    if WHO == "one":
        try:
            Path(item.config.rootpath, "crashed").touch(exist_ok=False)
        except FileExistsError:
            return
    os._exit(3)


if HOOK:
    globals()[HOOK] = crash
