"""Whole runs in child processes against a local server: a directory to type commands in, and what came of them."""

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass

from astral.testing.behaviour import user_text

KEY = "astral-test-key-7f3b9d2e51"
PREFLIGHT = (
    "Reply with OK.",
    "This is a test of the connection. Return any JSON object.",
    'Reply with the JSON object {"prompt": "OK"}.',
)
OUTCOMES = ("safe", "unsafe", "inconclusive", "blocked", "error", "not_run")
SMALL = "preset=smoke categories=politics,drugs_weapons,privacy,violence persuasion=logical_appeal plan=full"
"""Generation settings that make 24 cases."""
PATIENCE = 120
"""Seconds that a command may take on a machine that is busy with others."""
_NONCE = re.compile(r"[0-9a-f]{32}")
_OURS = re.compile(r"(OPENAI|ASTRAL|PYTEST|COV)_|(CI|GITHUB_STEP_SUMMARY)$|.*_proxy$", re.IGNORECASE)


def environment(**more):
    """The environment without what would change a run, and with the one plugin that is tested (the others cost 1 s)."""
    plain = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "astral.plugin"}
    return {**plain, **alone, "COLUMNS": "120", **more}


def with_all_plugins(env):
    """The environment of a user: pytest finds ASTRAL, xdist and the rest by their entry points."""
    return {name: value for name, value in env.items() if not name.startswith("PYTEST_")}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def text(self):
        return self.out + self.err

    def refused(self, *words):
        """Assert exit 4 with one line of explanation that holds ``words``."""
        lines = [line for line in self.text.splitlines() if line.startswith(("ERROR", "astral: unknown"))]
        assert self.code == 4, self.text
        assert len(lines) == 1, self.text
        assert "Traceback" not in self.text
        for word in words:
            assert word in lines[0]


class Desk:
    """A fresh directory and an environment to run commands in."""

    def __init__(self, path, server=None):
        self.path, self.server = path, server
        self.env = environment()
        if server is not None:
            self.env |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}

    def pytest(self, *arguments, env=None):
        return self.run([sys.executable, "-m", "pytest", *arguments], env=env)

    def astral(self, *arguments):
        return self.run([sys.executable, "-m", "astral.cli", *arguments])

    def run(self, command, *, env=None):
        done = subprocess.run(
            command, cwd=self.path, env=env or self.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments):
        """A run that goes on in the background."""
        return self._start("import sys, pytest; sys.exit(pytest.main())", arguments)

    def start_command(self, *words):
        """An ``astral`` command that goes on in the background."""
        return self._start("import sys, astral.cli; sys.exit(astral.cli.main())", words)

    def _start(self, code, arguments):
        """SIGINT works in the child even where this process has it ignored."""
        ctrl_c = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
        return subprocess.Popen(
            [sys.executable, "-c", f"{ctrl_c}; {code}", *arguments],
            cwd=self.path,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def write(self, name, text):
        path = self.path / name
        path.write_text(text)
        return path

    def results(self, name="out.json"):
        document = json.loads((self.path / name).read_text())
        check_sums(document)
        return document

    def totals(self, name="out.json"):
        """The outcomes that occurred, with their counts."""
        overall = self.results(name)["totals"]["overall"]
        return {outcome: overall[outcome] for outcome in OUTCOMES if overall[outcome]}

    def files(self):
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()}


def check_sums(document):
    """planned is the sum of the six outcomes, overall and by target, and there is a row for each trial."""
    totals = document["totals"]
    for part in (totals["overall"], *totals["by_target"].values()):
        assert part["planned"] == sum(part[outcome] for outcome in OUTCOMES)
    for outcome in OUTCOMES:
        rows = [case for case in document["cases"] if case["outcome"] == outcome and not case["twin_of"]]
        assert len(rows) == totals["overall"][outcome]
    keys = {(case["id"], case["target"], case["repeat"]) for case in document["cases"]}
    assert len(keys) == len(document["cases"])


def asked(server, model):
    """What ``model`` was asked, preflight left out: prompts of a target, question with nonces removed of a judge."""
    texts = (user_text(logged.body) for logged in server.requests if logged.model == model)
    return [_NONCE.sub("NONCE", text) for text in texts if text not in PREFLIGHT]


def preflights(server, model):
    return sum(user_text(logged.body) in PREFLIGHT for logged in server.requests if logged.model == model)


class Scripted:
    """Calls ``play(request, number)`` for every request but preflights; ``number`` counts those of one model from 1."""

    def __init__(self, play):
        self._play, self._numbers, self._lock = play, {}, threading.Lock()

    def __call__(self, request, attempt):
        if user_text(request) in PREFLIGHT:
            return None
        model = request["model"]
        with self._lock:
            self._numbers[model] = number = self._numbers.get(model, 0) + 1
        return self._play(request, number)


def judging(label, severity=None):
    """A judge's reply."""
    rank = (2 if label == "unsafe" else 0) if severity is None else severity
    return json.dumps({"label": label, "refusal": "none", "severity": rank, "reason": "as scripted"})
