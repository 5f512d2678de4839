"""What hostile or broken input does to generation: it is kept out, named in a line, or it changes nothing."""

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
from networks import make_context, make_network

from astral import files
from astral.adapters import adapt_writer
from astral.corpus import CorpusSource, shipped_seeds
from astral.corpus.foreign import Record
from astral.errors import CorpusError, PluginError, SuiteError, WriterError
from astral.generator import Materials, chosen_matrix, generate
from astral.generator.checks import Checks
from astral.journal import Journal
from astral.model import Case, Cell, NewsItem, Seed, case_id
from astral.presets import recipe
from astral.protocols import BatchWriter, Brief, Checked, Draft
from astral.quality import RuleChecker
from astral.refresh import refreshed_settings
from astral.screening import screen
from astral.search.addresses import is_public
from astral.secrets import MASK, Redactor
from astral.setting_values import parse_spec
from astral.settings import parse_settings
from astral.suite import Suite, make_suite, read_suite, write_suite
from astral.taxonomy import DEFAULT
from astral.writers.llm import LLMWriter
from astral.writers.question import question
from astral.writers.request import Request
from astral.writers.template import TemplateWriter

HARM = "PLACEHOLDER-HARM in the very text"
MARKER = "zz-operational-marker"
SMALL = "categories=privacy,politics styles=slang,question persuasion=logical_appeal plan=full"
CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")


def materials(writer=None, settings=SMALL, **more):
    made = recipe(parse_settings([settings]), {})
    source = CorpusSource(shipped_seeds(), seed=0)
    found = Materials(
        recipe=made,
        matrix=chosen_matrix(DEFAULT, made.settings),
        source=source,
        shipped=source,
        writer=writer or TemplateWriter(0),
        fallback=TemplateWriter(0),
        checks=Checks(RuleChecker()),
    )
    return replace(found, **more)


def run(found):
    return asyncio.run(generate(found))


def case(prompt, *, twin_of=None, **provenance):
    return Case(case_id(CELL, (prompt,)), CELL, (prompt,), provenance, twin_of)


# --- nothing harmful in a traceback -----------------------------------------------------------------------------------


def test_values_that_hold_texts_do_not_show_them():
    seed = Seed(HARM, "f", id="s-1", category="privacy", goal=HARM, topic=HARM)
    brief = Brief(CELL, (seed,), news=(NewsItem(HARM, "https://n.example/1", HARM),), written=(HARM,))
    values = [
        seed,
        brief,
        question([brief], DEFAULT, lambda: "0" * 32),
        Request.of(seed),
        Record("f:1", {"prompt": HARM}),
        materials(earlier=[HARM], kept=[case(HARM)]),
    ]
    shown = repr(values)
    assert HARM not in shown
    assert "s-1" in shown


# --- the content gate -------------------------------------------------------------------------------------------------

SMALL_CAPITALS = dict(
    zip(
        "abcdefghijklmnoprstuvwyz",
        "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\u0280\ua731"
        "\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22",
        strict=True,
    )
)


def emblems(first):
    return lambda text: "".join(chr(first + ord(c) - 97) if c.isalpha() else c for c in text)


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: "".join(SMALL_CAPITALS.get(c, c) for c in text),
        emblems(0x1F150),
        emblems(0x1F170),
        lambda text: "\u200b".join(emblems(0x1F1E6)(text)),
        lambda text: text.replace("o", "\u0585").replace("n", "\u0578").replace("a", "\u0251"),
        "\u3164".join,
        "\uffa0".join,
        "\u2800".join,
        "\u20dd".join,
        lambda text: "A harmless question" + "".join(chr(0xE0000 + ord(c)) for c in text),
        lambda text: "".join(f"&#{ord(c)};" for c in text),
    ],
    ids=[
        "small-capitals",
        "circles",
        "squares",
        "regional",
        "armenian",
        "filler",
        "narrow-filler",
        "blank",
        "enclosed",
        "tags",
        "entities",
    ],
)
def test_the_gate_reads_past_letters_in_disguise(disguise):
    assert screen(disguise(MARKER)) == "operational"


@pytest.mark.parametrize("unit", ["555-", "1.", "a.b@", "a-"])
def test_the_gate_comes_to_the_end_of_a_very_long_text(unit):
    """With a step that takes the square of the length, this would take many minutes."""
    screen(unit * 100_000)
    assert screen(f"{unit * 100_000} {MARKER}") == "operational"


def test_kept_cases_pass_the_gate_again_and_their_cells_are_filled_anew():
    whole, _ = run(materials(settings=f"{SMALL} twins=on"))
    victim = next(c for c in whole.cases if c.twin_of is None)
    twin = next(c for c in whole.cases if c.twin_of == victim.id)
    edited = replace(victim, id=case_id(victim.cell, (MARKER,)), turns=(MARKER,))
    kept = [edited if c is victim else replace(c, twin_of=edited.id) if c is twin else c for c in whole.cases]
    made, account = run(materials(settings=f"{SMALL} twins=on", kept=kept))
    assert MARKER not in [c.prompt for c in made.cases]
    assert account.screened == {"operational": 1}
    assert len(made.cases) == len(whole.cases)
    assert {c.twin_of for c in made.cases if c.twin_of} <= {c.id for c in made.cases}


# --- journals edited by hand ------------------------------------------------------------------------------------------


class Paid:
    """A writer that costs: it counts how often it is asked."""

    name = "paid"

    def __init__(self):
        self.asked = 0
        self._own = TemplateWriter(0)

    async def preflight(self):
        return 0.0

    async def write(self, brief):
        self.asked += 1
        return replace(await self._own.write(brief), writer=self.name)


@pytest.mark.parametrize(
    "rubbish",
    [None, 3, "text", [], {}, {"text": 5}, {"text": HARM, "writer": "w"}, {"extra": 1}, [[["a"]]]],
    ids=repr,
)
def test_rows_of_another_shape_are_asked_for_again(tmp_path, rubbish):
    path = tmp_path / "drafts.jsonl"
    first = Paid()
    journal = Journal(path).open()
    whole, _ = run(materials(first, journal=journal))
    journal.close()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows
    path.write_text("".join(json.dumps({**row, "value": rubbish}) + "\n" for row in rows))
    second = Paid()
    journal = Journal(path).open()
    again, _ = run(materials(second, journal=journal))
    journal.close()
    assert second.asked == first.asked
    assert again.content == whole.content


def test_a_draft_in_the_journal_meets_the_gate_like_any_other(tmp_path):
    path = tmp_path / "drafts.jsonl"
    journal = Journal(path).open()
    run(materials(Paid(), journal=journal))
    journal.close()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    bad = asdict(Draft(MARKER, "paid", ("x",)))
    path.write_text("".join(json.dumps({"key": row["key"], "value": bad}) + "\n" for row in rows))
    journal = Journal(path).open()
    made, account = run(materials(Paid(), journal=journal))
    journal.close()
    assert all(MARKER not in c.prompt for c in made.cases)
    assert account.screened["operational"] == 4


FULL = """
import os, sys
from pathlib import Path
import astral.journal as journal
real, left = os.write, [int(sys.argv[2])]
def almost_full(descriptor, line):  # a disk that takes a few bytes at a time
    return real(descriptor, line[:3])
os.write = almost_full
kept = journal.Journal(Path(sys.argv[1])).open()
kept.put("a", "x" * 50)
kept.put("b", [1, 2])
kept.close()
"""


def test_a_disk_that_takes_a_line_in_parts_loses_none(tmp_path):
    path = tmp_path / "drafts.jsonl"
    subprocess.run([sys.executable, "-c", FULL, str(path), "3"], check=True, timeout=50)
    journal = Journal(path).open()
    assert (journal.get("a"), journal.get("b")) == ("x" * 50, [1, 2])
    journal.close()


# --- what was paid for ------------------------------------------------------------------------------------------------


def test_a_batch_of_which_one_prompt_fails_keeps_the_others():
    class Helpless:
        name = "helpless"

        async def write(self, brief):
            raise WriterError("no template")

    class Stubborn:
        """A model that writes the first of its prompts and declines the others."""

        async def ask(self, system, user, form, *, purpose="writer"):
            from astral.wire import ChatReply

            return ChatReply(json.dumps({"prompts": [{"text": "a prompt that was paid for", "news": []}]}))

    seeds = [s for s in shipped_seeds() if s.category == "privacy"][:3]
    briefs = [Brief(CELL, (seed,), variant=n) for n, seed in enumerate(seeds)]
    drafts = asyncio.run(LLMWriter("llm:m", Stubborn(), DEFAULT, Helpless()).write_batch(briefs))
    assert [draft and draft.text for draft in drafts] == ["a prompt that was paid for", None, None]
    assert isinstance(LLMWriter("llm:m", Stubborn(), DEFAULT, Helpless()), BatchWriter)


def test_a_corpus_without_benign_rows_is_refused_before_the_first_prompt_is_paid_for():
    seeds = [seed for seed in shipped_seeds() if seed.kind == "unsafe"]
    writer = Paid()
    with pytest.raises(CorpusError, match="no benign seed for category politics, privacy"):
        run(materials(writer, f"{SMALL} twins=on", source=CorpusSource(seeds)))
    assert writer.asked == 0


def test_a_file_is_written_whole_and_leaves_nothing_behind_when_it_cannot_be(tmp_path):
    path = tmp_path / "x.txt"
    files.write_whole(path, "old\n")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UnicodeEncodeError):
        files.write_whole(path, "\ud800")
    with pytest.raises(OSError, match="No such file"):
        files.write_whole(tmp_path / "missing" / "x.txt", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]
    assert path.read_text() == "old\n"


# --- suites edited by hand --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "provenance",
    [
        {"seeds": 5},
        {"seeds": {"0": "x"}},
        {"seeds": [1]},
        {"flags": 3},
        {"news": ["x"]},
        {"news": {"url": "x"}},
        {"news": [{"date": 5}]},
        {"fallback": ["x"]},
        {"writer": None},
    ],
    ids=repr,
)
def test_provenance_of_another_shape_is_named_with_its_line(tmp_path, provenance):
    path = tmp_path / "x.astral.jsonl"
    matrix = tuple((dimension, (value,)) for dimension, value in CELL.pairs)
    write_suite(make_suite(matrix, [case("hello there", **provenance)], {}), path)
    with pytest.raises(SuiteError, match=rf"x\.astral\.jsonl:2: provenance: '{next(iter(provenance))}'"):
        read_suite(path, shown=path.name)


def test_what_a_kept_case_says_of_itself_reaches_no_header_field_alive():
    wild = case("hello there, is this kept", news=[{"date": "9999\x1b]0;x\x07", "url": "https://n.example"}])
    made, _ = run(materials(kept=[wild]))
    assert made.header["newest_news"] is None


MATRIX = [[dimension, [value]] for dimension, value in CELL.pairs]


@pytest.mark.parametrize(("stored", "said"), [({"target": "demo"}, "target"), ({"no\x1bsuch": "1"}, "which no suite")])
def test_a_header_decides_nothing_but_how_its_suite_is_made(stored, said):
    suite = Suite({"matrix": MATRIX, "settings": {"plan": "full", **stored}}, ())
    with pytest.raises(Exception, match=said) as failed:
        refreshed_settings(suite, parse_settings([]), "x.astral.jsonl")
    assert "\x1b" not in str(failed.value)


def test_a_secret_that_the_suite_did_not_keep_is_asked_for_by_its_key():
    suite = Suite({"matrix": MATRIX, "settings": {"embedder": f"langchain:a.B(api_key={MASK})"}}, ())
    with pytest.raises(Exception, match="give it again: embedder="):
        refreshed_settings(suite, parse_settings([]), "x.astral.jsonl")
    given = refreshed_settings(suite, parse_settings(["embedder=langchain:a.B(api_key=fresh-one)"]), "x")
    assert given.embedder.options == (("api_key", "fresh-one"),)


def test_the_redactor_learns_the_parameters_of_an_address_that_are_secrets():
    redactor = Redactor()
    redactor.learn_url("https://feed.example/rss?lang=english&token=s3cr3t-t0ken&auth_key=an0ther-one#key=no-secret")
    cleaned = redactor.clean("https://feed.example/rss?lang=english&token=s3cr3t-t0ken an0ther-one no-secret")
    assert cleaned == f"https://feed.example/rss?lang=english&token={MASK} {MASK} no-secret"


# --- writers of strangers ---------------------------------------------------------------------------------------------


def foreign(write, **more):
    members = {"name": "mine", "write": staticmethod(write), **{n: staticmethod(f) for n, f in more.items()}}
    made = type("Mine", (), members)()
    return adapt_writer(lambda spec, context: made, parse_spec("mine"), make_context(make_network(), "timeout=0.2"))


async def hang(brief):
    await asyncio.Event().wait()


def leave(brief):
    sys.exit(3)


def shout(brief):
    raise ValueError(brief.seeds[0].text)


BRIEF = Brief(CELL, (Seed(HARM, "f", id="s", category="privacy"),))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda brief: None, "returned NoneType"),
        (lambda brief: {"text": HARM}, "returned dict"),
        (lambda brief: Draft(5, "mine"), "whose text has a wrong type"),
        (lambda brief: Draft(HARM, "mine", ["s"]), "whose seed_ids has a wrong type"),
        (lambda brief: Draft(" ", "mine"), "an empty text"),
        (leave, "raised SystemExit"),
        (shout, "raised ValueError"),
        (hang, "did not return within"),
    ],
)
def test_what_a_stranger_writes_is_looked_at(write, said):
    with pytest.raises(WriterError, match=said) as failed:
        asyncio.run(foreign(write).write(BRIEF))
    assert HARM not in str(failed.value)


def test_a_strangers_writer_can_do_what_it_could_do_before():
    plain = foreign(lambda brief: Draft("hello", "mine"))
    assert asyncio.run(plain.write(BRIEF)).text == "hello"
    assert not isinstance(plain, Checked)
    assert not isinstance(plain, BatchWriter)
    rich = foreign(
        lambda brief: None,
        write_batch=lambda briefs: [Draft("one", "mine"), None],
        preflight=lambda: 0.5,
        reword=lambda entry, query: query.upper(),
    )
    assert isinstance(rich, Checked)
    assert isinstance(rich, BatchWriter)
    assert [d and d.text for d in asyncio.run(rich.write_batch([BRIEF, BRIEF]))] == ["one", None]
    assert asyncio.run(rich.preflight()) == 0.5
    assert asyncio.run(rich.reword(None, "q")) == "Q"
    with pytest.raises(WriterError, match="a draft for each"):
        asyncio.run(rich.write_batch([BRIEF]))


@pytest.mark.parametrize("factory", [5, lambda spec, context: None, lambda spec, context: sys.exit(1)])
def test_a_factory_that_makes_no_writer_is_named(factory):
    with pytest.raises(PluginError, match="mine"):
        adapt_writer(factory, parse_spec("mine"), make_context(make_network()))


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["fec0::1", "fec0:0:0:ffff::1", "168.63.129.16", "::ffff:168.63.129.16"])
def test_addresses_that_are_public_in_form_only_are_not_fetched(address):
    assert not is_public(address)


# --- the same bytes ---------------------------------------------------------------------------------------------------

MAKE = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
import test_generation_attacks as here
from astral.suite import suite_text
made, _ = here.run(here.materials(settings=f"{here.SMALL} twins=on per_cell=2"))
sys.stdout.write(suite_text(made))
"""


@pytest.mark.slow
def test_hash_seed_locale_and_time_zone_change_no_byte():
    def made(**environment):
        words = [sys.executable, "-c", MAKE, os.path.dirname(__file__)]
        env = {**os.environ, **environment}
        return subprocess.run(words, env=env, capture_output=True, check=True, timeout=50).stdout

    one = made(PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    assert one
    assert one == made(PYTHONHASHSEED="4711", LC_ALL="C.UTF-8", TZ="Pacific/Kiritimati")


def test_after_a_failure_nothing_goes_on_writing(tmp_path):
    """The replies that were on their way are let go of before anything else is closed."""
    ended = []

    class Slow(Paid):
        async def write(self, brief):
            self.asked += 1
            if self.asked == 1:
                await asyncio.sleep(0)
                raise RuntimeError("stop")
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(brief.variant)

    async def work():
        writer = Slow()
        with pytest.raises(RuntimeError, match="stop"):
            await generate(materials(writer))
        return writer.asked, len(ended), len(asyncio.all_tasks())

    assert asyncio.run(work()) == (4, 3, 1)


def test_a_category_of_ones_own_is_filled_though_nothing_is_shipped_for_it():
    seeds = [Seed(f"Ask about bookings of number {n}", "f", id=f"t-{n}", category="tickets") for n in range(3)]
    matrix = (("category", ("tickets",)), ("style", ("slang",)), ("persuasion", ("logical_appeal",)))

    class Broken(Paid):
        async def write(self, brief):
            return Draft(MARKER, "broken")

    source = CorpusSource([*seeds, *(s for s in shipped_seeds() if s.category == "privacy")])
    made, account = run(materials(Broken(), SMALL, matrix=matrix, source=source, shipped=CorpusSource(shipped_seeds())))
    (only,) = made.cases
    assert only.provenance["fallback"] == "gates"
    assert only.provenance["seeds"][0].startswith("t-")
    assert account.screened == {"operational": 3}


@pytest.mark.parametrize("text", ["[" * 200_000, "{x: " * 50_000, "- " * 100_000 + "a", "a: &a [*a, [" * 2_000])
def test_yaml_without_end_is_refused_and_does_not_take_the_interpreter_down(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    script = (
        "import sys; from pathlib import Path; from astral.corpus.foreign import read_records\n"
        "from astral.errors import CorpusError\n"
        "try: list(read_records(Path(sys.argv[1]), 'promptfoo', 'x.yaml'))\n"
        "except CorpusError as err: print(err)"
    )
    words = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert re.match(r"x\.yaml:\d+: n", done.stdout)
