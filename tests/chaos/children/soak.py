"""Asks a target 1, 2, 3, ... and tells what came of it, and how much memory, descriptors and threads that took.

    python soak.py URL CASES LANES

It calls the target as the engine does, without pytest and the store: these keep a row for each trial by design.
"""

import asyncio
import gc
import json
import os
import random
import sys
import threading
from collections import Counter

from astral.context import Context
from astral.errors import CallError
from astral.limits import BudgetMeter
from astral.model import Case, Cell
from astral.registry import BuiltIns
from astral.secrets import Redactor
from astral.setting_values import Budget, parse_spec
from astral.settings import parse_settings
from astral.taxonomy import DEFAULT
from astral.wire import Network

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
SAMPLES = 10


async def at_once(seconds):
    await asyncio.sleep(0)


def sample():
    gc.collect()
    with open("/proc/self/statm") as statm:
        resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    return {"kib": resident, "descriptors": len(os.listdir("/proc/self/fd")), "threads": threading.active_count()}


async def soak(url, cases, lanes):
    meter, redactor = BudgetMeter(Budget()), Redactor()
    limits = {"concurrency": lanes, "rpm": None, "timeout": 20, "retries": 3}
    network = Network(**limits, budget=meter, redactor=redactor, sleep=at_once, rng=random.Random(0))
    context = Context(parse_settings([]), DEFAULT, network, None)
    spec = parse_spec(f"openai:stub@{url}")
    target = BuiltIns().pytest_astral_targets()["openai"](spec, context)
    numbers, found, samples, done = iter(range(cases)), Counter(), [], 0

    async def lane():
        nonlocal done
        for number in numbers:
            try:
                answer = await target.answer(Case(f"case-{number}", CELL, (f"soak {number}",)), 1)
                came = "answered" if answer.text == f"answer {number}" else "another answer"
            except CallError as err:
                came = err.reason
            found[f"{number % 100} {came}"] += 1
            done += 1
            if done % (cases // SAMPLES) == 0:
                samples.append(sample())

    await asyncio.gather(*(lane() for _ in range(lanes)))
    calls = {"target": network.calls.target, "retries": network.calls.retries}
    await network.aclose()
    return {"found": found, "samples": samples, "calls": calls, "closed": sample()}


if __name__ == "__main__":
    json.dump(asyncio.run(soak(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))), sys.stdout)
