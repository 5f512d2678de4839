"""A schedule of faults: what a run is told to do, and what its endpoint makes of each request."""

import hashlib
import json
import random
import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from alphabet import ANSWERING, BLANK, BLOCKED, CUT, JUDGING, REFUSED, SAID, STOPPING, STRANGE
from desks import PREFLIGHT
from hypothesis import strategies as st

from astral.model import Case, Cell, case_id
from astral.suite import make_suite
from astral.testing.behaviour import response_data, user_text

MATRIX = (
    ("category", ("child_abuse", "privacy", "violence")),
    ("style", ("slang", "question")),
    ("persuasion", ("logical_appeal",)),
)
TARGETS = ("model-a", "model-b")
JUDGES = ("judge-a", "judge-b", "judge-c")
_ANSWER = re.compile("Answer ([0-9a-f]{12}) no ([0-9]+)")


@dataclass(frozen=True)
class Schedule:
    """A run and its faults, of which a ``share`` of the requests meets one. All follows from these few numbers."""

    seed: int = 0
    share: float = 0.3
    stopping: bool = False
    cases: int = 4
    twins: bool = False
    talks: int = 0
    targets: int = 1
    repeats: int = 1
    judges: int = 1
    vote: str = "any"
    confirm: int = 2
    fail_on: int = 1
    turns: str = "last"
    concurrency: int = 4
    retries: int = 2
    spare: int | None = None
    maxfail: int = 0
    dropped: str = ""
    canaries: int = 0
    incomplete: int = 100

    @property
    def suite(self):
        """Its prompts: single ones, scripted conversations first, and a benign twin of each where there are any."""
        cells = [Cell.of(category=c, style=s, persuasion="logical_appeal") for c in MATRIX[0][1] for s in MATRIX[1][1]]
        cases = []
        for number in range(self.cases):
            cell, turns = cells[number % len(cells)], 3 if number < self.talks else 1
            texts = tuple(f"Prompt {number:02} part {turn}" for turn in range(turns))
            cases.append(Case(case_id(cell, texts), cell, texts))
            if self.twins:
                texts = tuple(f"Twin {number:02} part {turn}" for turn in range(turns))
                cases.append(Case(case_id(cell, texts), cell, texts, twin_of=cases[-1].id))
        return make_suite(MATRIX, cases, {})

    @property
    def planned(self):
        """The cases that pytest selects."""
        return [case for case in self.suite.cases if case.cell.category != self.dropped]

    @property
    def budget(self):
        """The requests of a run without faults and findings, and ``spare`` ones."""
        turns = [len(case.turns) for case in self.planned]
        sure = 1 if self.vote == "cascade" else self.judges
        judged = sum(turns) if self.turns == "each" else len(turns)
        asked = (sum(turns) + judged * sure) * self.targets * self.repeats
        return asked + self.canaries * self.judges + (self.spare or 0)

    @property
    def settings(self):
        oracles = ",".join(f"llm:{judge}" for judge in JUDGES[: self.judges])
        budget = "none" if self.spare is None else f"{self.budget}req"
        return (
            f"target={','.join(TARGETS[: self.targets])} oracle={oracles} vote={self.vote} confirm={self.confirm} "
            f"fail_on={self.fail_on} turns={self.turns} concurrency={self.concurrency} retries={self.retries} "
            f"repeats={self.repeats} budget={budget} canaries={self.canaries} incomplete={self.incomplete}% timeout=30"
        )

    @property
    def flags(self):
        found = [f"--maxfail={self.maxfail}"] if self.maxfail else []
        return [*found, "-k", f"not {self.dropped}"] if self.dropped else found

    def without_faults(self):
        """The endpoint on a good day: nothing stops the run, and everybody says the same of the same prompts."""
        return Play(self, share=0.0)


def schedules():
    """Any schedule."""
    votes = st.tuples(st.integers(1, 3), st.sampled_from(["any", "majority", "unanimous", "cascade"]))
    talks = st.sampled_from([(1, 0), (1, 0), (2, 0), (3, 0), (1, 2)])  # repeats of a conversation look alike

    def made(votes, talks, **given):
        return Schedule(judges=votes[0], vote=votes[1], repeats=talks[0], talks=talks[1], **given)

    return st.builds(
        made,
        votes,
        talks,
        seed=st.integers(0, 2**32),
        share=st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]),
        stopping=st.sampled_from([False, False, True]),
        cases=st.integers(1, 6),
        twins=st.booleans(),
        targets=st.integers(1, 2),
        confirm=st.integers(1, 3),
        fail_on=st.sampled_from([1, 1, 2, 3]),
        turns=st.sampled_from(["last", "each"]),
        concurrency=st.integers(1, 8),
        retries=st.integers(0, 3),
        spare=st.sampled_from([None, None, None, 0, 1, 5, 20]),
        maxfail=st.sampled_from([0, 0, 0, 1, 2]),
        dropped=st.sampled_from(["", "", "", "privacy"]),
        canaries=st.sampled_from([0, 0, 0, 4]),
        incomplete=st.sampled_from([0, 5, 50, 100]),
    )


@dataclass(frozen=True)
class Turn:
    """What was replied to one request: ``asking`` names what was asked, ``kind`` the fault that it met."""

    model: str
    asking: str
    kind: str


@dataclass(frozen=True)
class Opinion:
    """What a judge says of an answer: of each judging in turn a label and a severity."""

    labels: tuple[str, ...]
    severity: int | None

    def verdict(self, number):
        label = self.labels[min(number, len(self.labels) - 1)]
        severity = self.severity if label == "unsafe" else 0
        return {"label": label, "refusal": "none", "severity": severity, "reason": "as scripted"}


@dataclass
class Play:
    """A script for the local server that plays a schedule, and the witness of what came."""

    schedule: Schedule
    share: float | None = None
    turns: list[Turn] = field(default_factory=list)
    answers: dict[tuple[str, str, int], list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """By target, prompt and turn: the usable replies in order, each as name of the answer and kind."""
    judged: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """By judge and answer: what was asked, in order, each thing once."""

    def __post_init__(self):
        self._lock = threading.Lock()
        self._arrived = defaultdict(int)
        self._verdicts = defaultdict(int)

    def __call__(self, request, attempt):
        if user_text(request) in PREFLIGHT:
            return None
        with self._lock:
            return self._judge(request) if request["model"].startswith("judge") else self._answer(request)

    def of(self, asking):
        """The kinds of the replies to it, in order."""
        return [turn.kind for turn in self.turns if turn.asking == asking]

    @property
    def faults(self):
        return sum(turn.kind != "good" for turn in self.turns)

    def kinds(self):
        return {turn.kind for turn in self.turns}

    def _answer(self, request):
        said = [message["content"] for message in request["messages"] if message["role"] == "user"]
        prompt, turn, model = said[0].rpartition(" part ")[0], len(said) - 1, request["model"]
        asking = f"{model} {prompt} {turn}"
        self._arrived[asking] += 1
        key = digest(self.schedule.seed, asking)
        name = f"Answer {key} no {self._arrived[asking]}"
        kinds = {**ANSWERING, **(REFUSED if foretold_safe(self.schedule, key) else {})}
        kind, reply = self._drawn(asking, self._arrived[asking], kinds, f"{name}.")
        self.turns.append(Turn(model, asking, kind))
        if kind in USABLE:
            self.answers[model, prompt, turn].append((name, kind))
        return reply

    def _judge(self, request):
        found = _ANSWER.search(response_data(request))
        if found is None:  # a known answer that was mixed in
            return None
        model, name = request["model"], found[0]
        asking = f"{model} {digest(request['messages'])}"
        if asking not in self.judged[model, name]:
            self.judged[model, name].append(asking)
        opinion = opinion_of(self.schedule, found[1], model)
        text = json.dumps(opinion.verdict(self._verdicts[model, name]))
        number = self.judged[model, name].index(asking), len(self.of(asking))
        kind, reply = self._drawn(f"{model} {name}", number, JUDGING, text)
        self.turns.append(Turn(model, asking, kind))
        self._verdicts[model, name] += kind in READ
        return reply

    def _drawn(self, asking, number, kinds, text):
        rng = random.Random(f"{self.schedule.seed} {asking} {number}")
        if rng.random() >= (self.schedule.share if self.share is None else self.share):
            return "good", text
        if self.schedule.stopping and rng.random() < 0.1:
            kinds = STOPPING
        [kind] = rng.choices(list(kinds), [weight for weight, _ in kinds.values()])
        return kind, kinds[kind][1](text)


USABLE = frozenset({"good", *BLOCKED, *BLANK, *SAID, *STRANGE, *CUT, *REFUSED})
"""What ends the asking of a target well, with text or without."""
READ = frozenset({"good", *SAID})
"""What ends the asking of a judge with a verdict."""


def digest(*parts):
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def opinion_of(schedule, key, judge):
    """What that judge thinks of the answer to a prompt: mostly what the others think, and now and then it wavers."""
    common, own = random.Random(f"{schedule.seed} {key}"), random.Random(f"{schedule.seed} {key} {judge}")
    label = common.choices(["safe", "unsafe"], [6, 4])[0]
    if own.random() < 0.25:
        label = own.choice(["safe", "unsafe", "unknown"])
    labels = (label, own.choice(["safe", "unsafe"]), own.choice(["safe", "unsafe", "unknown"]))
    wavers = label == "unsafe" and own.random() < 0.3
    return Opinion(labels if wavers else (label,), own.choice([1, 2, 3, None]))


def foretold_safe(schedule, key):
    """True where every judge of the schedule says safe: only then may the model decline by the API's own field."""
    return all(opinion_of(schedule, key, judge).labels == ("safe",) for judge in JUDGES[: schedule.judges])
