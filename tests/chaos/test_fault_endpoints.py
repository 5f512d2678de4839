"""Faults of whole endpoints: those that make all further requests vain, addresses that lead nowhere, judges that are
down, and keys that must not go anywhere else.
"""

import base64
import contextlib
import json
import socket
from collections import Counter
from contextlib import ExitStack

import pytest
from certificates import make_certificates
from desks import KEY, asked
from fault_replies import TARGET
from fault_runs import FILES, RUN, by_junit, elsewhere, write_suite
from faults import RETRIES, STOPS, failed

from astral.testing.behaviour import REFUSAL, judge_answer, response_data
from astral.testing.replies import error
from astral.testing.server import LocalServer

pytestmark = pytest.mark.timeout(180)

CASES = 12
PLAIN = RUN.replace(f"target={TARGET} ", "")
NOWHERE = "model.invalid"
PASSWORD = "canary-password-of-netrc"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def other():
    """Another host, to which nothing may go."""
    with LocalServer() as running:
        yield running


def ended(desk):
    """By target what became of its cases, each as outcome and reason with its count; none passed."""
    found = {}
    status = by_junit(desk)
    for case in desk.results()["cases"]:
        found.setdefault(case["target"], Counter())[case["outcome"], case["reason"]] += 1
        assert (status[f"{case['id']}.{case['target']}"][0] == "passed") == (case["outcome"] == "safe")
    return found


# --- the first request stops the target -------------------------------------------------------------------------------


def stopping(desk, server, other):
    """One endpoint for each row, and the targets that lead there."""
    for n, row in enumerate(STOPS):
        server.routes[f"/s{n}/"] = lambda logged, attempt, row=row: elsewhere(row.replies[0](KEY), logged, other.root)
    return ",".join(f"openai:m{n}@{server.root}/s{n}/v1" for n in range(len(STOPS)))


@pytest.mark.parametrize("concurrency", [1, 8])
def test_what_no_later_request_would_survive_is_met_once(desk, server, other, counted, concurrency):
    targets = stopping(desk, server, other)
    write_suite(desk, CASES)
    done = desk.pytest("--astral", f"target={targets} {PLAIN} concurrency={concurrency} {FILES}", "--junitxml=j.xml")
    assert done.code == 1, done.text
    assert ended(desk) == {f"m{n}": {row.target[:2]: CASES} for n, row in enumerate(STOPS)}
    requests = Counter(logged.path.split("/")[1] for logged in server.requests)
    assert set(requests) == {f"s{n}" for n in range(len(STOPS))}
    assert max(requests.values()) <= concurrency, "those in flight at the first reply, and no more"
    assert other.requests == (), "neither key nor prompt went to another host"
    assert KEY not in done.text
    counted("faults injected", len(server.requests))
    counted("rows of the fault table", len(STOPS))


@pytest.mark.parametrize("name", ["redirect to itself", "308 to another host"])
def test_a_redirect_ends_a_run_at_its_first_request(desk, server, other, counted, name):
    (row,) = [row for row in STOPS if row.name == name]
    write_suite(desk, CASES)
    server.routes["/v1/chat"] = lambda logged, attempt: elsewhere(row.replies[0](""), logged, other.root)
    done = desk.pytest("--astral", f"target={TARGET} {PLAIN} preflight=on")
    done.refused("preflight of target gpt-4 failed", "redirects (30", "give the final address")
    assert (len(server.requests), other.requests) == (1, ())
    counted("faults injected")


# --- addresses that lead nowhere --------------------------------------------------------------------------------------


@contextlib.contextmanager
def closed_port():
    """A port at which connections are refused: bound, so that nobody else gets it, and not listened at."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_addresses_that_lead_nowhere_and_certificates_that_are_refused(desk, server, tmp_path, counted):
    contexts, bundle = make_certificates(tmp_path / "tls")
    desk.env["SSL_CERT_FILE"] = str(bundle)
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(LocalServer(tls=context)) for kind, context in contexts.items()}
        urls = {
            "dns": f"http://{NOWHERE}/v1",
            "dns-tls": f"https://{NOWHERE}/v1",
            "port": f"http://127.0.0.1:{stack.enter_context(closed_port())}/v1",
            "plain": server.url.replace("http:", "https:"),
            **{kind: one.url for kind, one in servers.items()},
        }
        write_suite(desk, 2)
        targets = ",".join(f"openai:{name}@{url}" for name, url in urls.items())
        done = desk.pytest("--astral", f"target={targets} {PLAIN} retries={RETRIES} {FILES}", "--junitxml=j.xml")
    assert done.code == 1, done.text
    network = {("error", "network"): 2}
    assert ended(desk) == {name: {("safe", ""): 2} if name == "good" else network for name in urls}
    details = {case["target"]: case["detail"] for case in desk.results()["cases"]}
    for kind, word in (("expired", "expired"), ("wrong-host", "mismatch"), ("self-signed", "self")):
        assert "its TLS certificate was refused" in details[kind]
        assert word in details[kind]
        assert "tries" not in details[kind], "a refusal is final"
        assert servers[kind].requests == (), "TLS is never switched off"
    assert len(servers["good"].requests) == 2
    for name in ("dns", "dns-tls", "port", "plain"):
        assert f"(after {1 + RETRIES} tries)" in details[name]
        assert "no connection (" in details[name]
    assert [logged for logged in server.requests if logged.model != "judge"] == []
    counted("faults injected", 2 * (len(urls) - 1))


# --- judges -----------------------------------------------------------------------------------------------------------

JUDGES = {
    "down": (None, failed("network"), 0),
    "401": (error(401, "no"), failed("http_401"), 1),
    "quota": (error(429, "pay", code="insufficient_quota"), failed("quota"), 1),
    "gone": (error(404, "no", code="model_not_found"), failed("http_404"), 1),
    "500": (error(500, "no", headers={"Retry-After": "0"}), failed("http_500"), 3 * (1 + RETRIES)),
}
"""What the judge's endpoint says, what becomes of the cases, and the requests for three of them, one at a time."""


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_that_fails_costs_no_answer_and_resuming_only_judges(desk, server, counted, name):
    reply, (outcome, reason, _), requests = JUDGES[name]
    with closed_port() as port:
        judge = LocalServer(lambda request, attempt: reply, port=port if reply is None else 0)
        if reply is not None:
            judge.start()
        address = judge.url
        numbers = write_suite(desk, 3)
        settings = f"{RUN.replace('llm:judge', f'llm:judge@{address}')} concurrency=1 retries={RETRIES}"
        done = desk.pytest("--astral", f"{settings} {FILES}", "--junitxml=j.xml")
    assert done.code == 1, done.text
    assert ended(desk) == {TARGET: {(outcome, reason): 3}}
    assert [case["response"]["text"] for case in desk.results()["cases"]] == [REFUSAL] * len(numbers)
    assert len(judge.requests) == requests
    judge.script = None
    if reply is None:
        judge.start()
    done = desk.pytest("--astral", "resume=last preflight=off report=json:out.json")
    judge.stop()
    assert (done.code, desk.totals()) == (0, {"safe": 3}), done.text
    assert judge.count("judge") == requests + 3
    assert sorted(Counter(asked(server, TARGET)).values()) == [1, 1, 1], "no answer is asked for again"
    counted("faults injected", max(requests, 3 * (1 + RETRIES) * (reply is None)))


# --- keys go where they belong ----------------------------------------------------------------------------------------


def test_proxies_and_netrc_of_the_environment_get_no_key_that_is_not_for_them(desk, server, counted):
    """A proxy is asked only for what is not on this machine; of what goes to an https address it sees the name."""
    netrc = desk.write("netrc", f"default login somebody password {PASSWORD}\n")
    netrc.chmod(0o600)
    with LocalServer() as proxy:
        desk.env |= dict.fromkeys(PROXIES, proxy.root) | {"NETRC": str(netrc), "HOME": str(desk.path)}
        (desk.path / ".netrc").write_bytes(netrc.read_bytes())
        (desk.path / ".netrc").chmod(0o600)
        write_suite(desk, 2)
        targets = f"{TARGET},openai:far@http://{NOWHERE}/v1,openai:secret@https://{NOWHERE}/v1"
        done = desk.pytest("--astral", f"target={targets} {PLAIN} retries=0 {FILES}", "--junitxml=j.xml")
    assert done.code == 1, done.text
    assert ended(desk) == {
        TARGET: {("safe", ""): 2},
        "far": {("safe", ""): 2},
        "secret": {("error", "network"): 2},
    }
    through = Counter((logged.method, logged.path) for logged in proxy.requests)
    assert set(through) == {("POST", f"http://{NOWHERE}/v1/chat/completions"), ("CONNECT", f"{NOWHERE}:443")}
    seen = [logged for logged in proxy.requests if logged.method == "CONNECT"]
    assert not any(KEY in json.dumps([dict(logged.headers), logged.body]) for logged in seen)
    everything = json.dumps([[dict(logged.headers), logged.body] for one in (server, proxy) for logged in one.requests])
    for word in (PASSWORD, base64.b64encode(f"somebody:{PASSWORD}".encode()).decode(), "Basic "):
        assert word not in everything
    assert all(logged.model != "far" for logged in server.requests)
    counted("faults injected", len(proxy.requests))


def test_a_reply_that_asks_for_the_key_gets_it_in_no_later_request(desk, server, counted):
    """Challenges and cookies change nothing in what is sent."""
    headers = {"WWW-Authenticate": 'Basic realm="x"', "Set-Cookie": "session=1; Path=/", "Retry-After": "0"}
    server.script = lambda request, attempt: (
        judge_answer(response_data(request))
        if request["model"] == "judge"
        else error(503, "who are you?", headers=headers)
        if attempt == 1
        else None
    )
    write_suite(desk, 3)
    done = desk.pytest("--astral", f"{RUN} retries={RETRIES} {FILES}")
    assert done.code == 0, done.text
    sent = [logged for logged in server.requests if logged.model == TARGET]
    assert len(sent) == 6
    assert {(logged.headers.get("authorization"), logged.headers.get("cookie")) for logged in sent} == {
        (f"Bearer {KEY}", None)
    }
    counted("faults injected", 3)
