"""The fault table by whole runs: every row ends as it says, with the requests it says, and none passes for free."""

import json

import pytest
from fault_replies import TARGET
from fault_runs import REPORTED, differing, met, played
from faults import ANSWERED, HANGS, NO_TOKENS, RETRIES, UNANSWERED, UNREADABLE, WAITS, failed, safe
from networks import Naps
from test_wire import ask

from astral.testing.replies import error

pytestmark = pytest.mark.timeout(240)

LONGEST_WAIT = 60
ROWS = [*ANSWERED, *UNANSWERED]
FREE = {row.name for row in ANSWERED}


def check_reported(rows, ended):
    """pytest says of each case what its outcome says; only a row whose answer arrived may pass."""
    for row, one in zip(rows, ended, strict=True):
        assert one.status == REPORTED[one.case["outcome"]], row.name
        assert (one.status == "passed") <= (row.name in FREE), row.name


@pytest.mark.parametrize(("concurrency", "runs"), [(1, 4), (8, 1)])
def test_whatever_a_targets_server_does_ends_as_the_table_says(tmp_path, counted, concurrency, runs):
    ended = played(tmp_path, ROWS, TARGET, f"concurrency={concurrency} timeout=30", runs=runs)
    assert differing([(row.name, row.target) for row in ROWS], [one.came(one.asked) for one in ended]) == {}
    check_reported(ROWS, ended)
    for row, one in zip(ROWS, ended, strict=True):
        assert one.asked <= 1 + RETRIES
        assert one.judged <= (row.name in FREE), row.name
    counted("faults injected", sum(met(row, one.asked) for row, one in zip(ROWS, ended, strict=True)))
    counted("rows of the fault table", len(ROWS))


@pytest.mark.parametrize(("concurrency", "runs"), [(1, 4), (8, 1)])
def test_whatever_a_judges_server_does_ends_as_the_table_says(tmp_path, counted, concurrency, runs):
    rows = [row for row in (*ROWS, *UNREADABLE) if row.judge is not None]
    ended = played(tmp_path, rows, "judge", f"concurrency={concurrency} timeout=30", runs=runs)
    assert differing([(row.name, row.judge) for row in rows], [one.came(one.judged) for one in ended]) == {}
    check_reported(rows, ended)
    for row, one in zip(rows, ended, strict=True):
        assert one.asked == 1, row.name
        assert one.case["response"]["text"].startswith(row.text), "the answer is kept, whatever becomes of its judge"
    counted("faults injected", sum(met(row, one.judged) for row, one in zip(rows, ended, strict=True)))
    counted("rows of the fault table", len(rows))


def named(*names):
    return [row for row in ANSWERED if row.name in names]


def test_another_model_is_on_record_and_an_error_where_that_is_asked_for(tmp_path, counted):
    rows = named("an answer", "another model answers", "no model answers")
    lenient = played(tmp_path / "off", rows, TARGET, "")
    assert [one.case["response"]["model"] for one in lenient] == [TARGET, "another-model", None]
    strict = played(tmp_path / "on", rows, TARGET, "strict_model=on")
    assert [one.came(one.asked) for one in strict] == [safe(), failed("model_mismatch"), safe()]
    counted("faults injected", 4)


def test_tokens_that_are_not_told_cost_what_is_unknown_and_never_nothing(tmp_path, counted):
    prices = tmp_path / "prices.toml"
    prices.write_text(f'[[price]]\nmodel = "{TARGET}"\ninput = 30\noutput = 60\n')
    rows = named(*(f"usage: {name}" for name in NO_TOKENS))
    ended = played(tmp_path / "run", rows, TARGET, f"prices={prices}")
    told = [one.case["usage"] or {} for one in ended]
    assert [{**usage} for usage in told] == [{}] * len(rows)
    (spent,) = [one for one in results(tmp_path / "run")["run"]["calls"]["spent"] if one["purpose"] == "target"]
    assert spent["unreported"] == spent["requests"] == len(rows)
    assert spent["usd"] > 0
    counted("faults injected", len(rows))


def results(path):
    return json.loads((path / "0" / "out.json").read_text())


# --- bounded waste: time ----------------------------------------------------------------------------------------------

DEADLINE = 2.0


@pytest.mark.parametrize("culprit", [TARGET, "judge"])
def test_who_keeps_us_waiting_has_until_the_deadline(tmp_path, counted, culprit):
    ended = played(tmp_path, HANGS, culprit, f"concurrency=1 timeout={DEADLINE:g}", runs=2, retries=0)
    assert differing([(row.name, row.target) for row in HANGS], [one.came(asked(one, culprit)) for one in ended]) == {}
    check_reported(HANGS, ended)
    slowest = max(one.seconds for one in ended)
    assert slowest <= 1.2 * DEADLINE
    counted("faults injected", len(HANGS))


def test_each_try_has_its_own_deadline_and_no_case_more_tries_than_allowed(tmp_path, counted):
    (drip,) = [row for row in HANGS if "50 ms" in row.name]
    (ended,) = played(tmp_path, [drip], TARGET, "concurrency=1 timeout=1", retries=1)
    assert ended.came(ended.asked) == failed("timeout", 2)
    assert ended.seconds <= 1.2 * (2 * 1 + 1), "two deadlines and a wait between of at most a second"
    counted("faults injected", 2)


def asked(one, culprit):
    return one.asked if culprit == TARGET else one.judged


@pytest.mark.parametrize(("value", "date", "seconds"), [wait[1:] for wait in WAITS], ids=[wait[0] for wait in WAITS])
def test_a_wait_is_kept_as_asked_within_a_minute(counted, value, date, seconds):
    """By an injected clock, so that an hour costs nothing."""
    naps = Naps()
    headers = {"Retry-After": value, **({} if date is None else {"Date": date})}
    reply, server = ask(lambda request, attempt: error(429, headers=headers) if attempt == 1 else "fine", sleep=naps)
    assert (reply.text, server.count()) == ("fine", 2)
    if seconds is None:
        assert 0.5 <= sum(naps.seconds) <= 1
    else:
        assert sum(naps.seconds) == pytest.approx(seconds, abs=0.5)
    counted("faults injected")


def test_waits_for_ever_end_with_the_retries(counted):
    naps = Naps()
    headers = {"Retry-After": "86400"}
    err, server = ask(lambda request, attempt: error(429, headers=headers), sleep=naps, retries=RETRIES)
    assert (err.reason, server.count()) == ("http_429", 1 + RETRIES)
    assert sum(naps.seconds) <= LONGEST_WAIT * RETRIES
    counted("faults injected", 1 + RETRIES)
