"""Runs the steps of a GitHub workflow and of a composite action as GitHub's runner does, without the service.

What a runner does is after GitHub's documentation (docs.github.com, "Workflow syntax" and "Metadata syntax"): bash gets
``--noprofile --norc -eo pipefail``; a step whose ``if`` does not say ``always()`` or ``!cancelled()`` runs only while
nothing has failed; nothing is ever cancelled here;
outputs come by the file in ``$GITHUB_OUTPUT``. Steps that use somebody else's action are noted, with what they were
given, and not run.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_ANYHOW = ("always()", "!cancelled()")
_TERM = re.compile(r"^(always\(\)|!cancelled\(\)|(?P<left>[\w.-]+)\s*(?P<sign>==|!=)\s*'(?P<right>[^']*)')$")


@dataclass
class Runner:
    """A workspace, what ``github`` and ``vars`` say, and what was done so far."""

    workspace: Path
    facts: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)
    summary: Path = field(init=False)

    def __post_init__(self) -> None:
        self.summary = self.workspace.parent / "step-summary.md"

    def job(self, workflow: Path, name: str) -> bool:
        """Run a job; True when it is green."""
        job = yaml.safe_load(workflow.read_text())["jobs"][name]
        assert self._holds(job.get("if", "always()"), self.facts, failed=False), f"the job {name} would not run"
        self.environment |= {key: self._text(value, self.facts) for key, value in job.get("env", {}).items()}
        return self._steps(job["steps"], self.facts)

    def _steps(self, steps: list[dict[str, Any]], facts: dict[str, str]) -> bool:
        good = True
        for step in steps:
            if not self._holds(step.get("if", ""), facts, failed=not good):
                continue
            if "run" in step:
                good &= self._run(step, facts)
            elif step["uses"].startswith("./"):
                good &= self._composite(self.workspace / step["uses"] / "action.yml", step, facts)
            else:
                given = {key: self._text(value, facts) for key, value in step.get("with", {}).items()}
                self.used.append((step["uses"], given))
        return good

    def _composite(self, path: Path, step: Mapping[str, Any], facts: dict[str, str]) -> bool:
        action = yaml.safe_load(path.read_text())
        given = {key: self._text(value, facts) for key, value in step.get("with", {}).items()}
        unknown = given.keys() - action["inputs"].keys()
        assert not unknown, f"the action has no input {unknown}"
        missing = {key for key, one in action["inputs"].items() if one.get("required")} - given.keys()
        assert not missing, f"the action needs {missing}"
        defaults = {key: self._text(one.get("default", ""), facts) for key, one in action["inputs"].items()}
        inside = {key: value for key, value in facts.items() if not key.startswith("steps.")}
        inside |= {f"inputs.{key}": value for key, value in (defaults | given).items()}
        return self._steps(action["runs"]["steps"], inside)

    def _run(self, step: Mapping[str, Any], facts: dict[str, str]) -> bool:
        assert "${{" not in step["run"], "a value pasted into a script would be run by it"
        output = self.workspace.parent / "output"
        output.write_text("")
        own = {key: self._text(value, facts) for key, value in step.get("env", {}).items()}
        environment = {
            **os.environ,
            **self.environment,
            **own,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_REPOSITORY": "somebody/chatbot",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.logs[step["name"]] = done.stdout + done.stderr
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            facts[f"steps.{step['id']}.outputs.{key}"] = value
        return done.returncode == 0

    def _text(self, value: Any, facts: Mapping[str, str]) -> str:
        return _EXPRESSION.sub(lambda found: facts.get(found[1], ""), str(value))

    def _holds(self, condition: str, facts: Mapping[str, str], *, failed: bool) -> bool:
        """``a == 'b' && always()``, bare or in ``${{ }}``: all that the examples need."""
        whole = _EXPRESSION.fullmatch(condition)
        terms = [term.strip() for term in (whole[1] if whole else condition).split("&&") if term.strip()]
        if failed and not any(term in terms for term in _ANYHOW):
            return False
        return all(self._term(term, facts) for term in terms)

    def _term(self, term: str, facts: Mapping[str, str]) -> bool:
        found = _TERM.match(term)
        assert found, f"the runner of these tests does not know {term!r}"
        if not found["left"]:
            return True
        same = facts.get(found["left"], "") == found["right"]
        return same if found["sign"] == "==" else not same
