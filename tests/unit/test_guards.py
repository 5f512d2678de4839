"""What no line of the program may do, held against its syntax trees: run data as code, or say ``safe`` by itself."""

import ast
import re
from functools import cache
from pathlib import Path

import jinja2
import pytest

from astral import templates
from astral.reports.html import rendering
from astral.targets import http_templates

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "astral").rglob("*.py"), *(ROOT / "plugins").glob("*.py")])
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "code", "codeop", "imp", "pty"}
CALLS = {
    *("eval", "exec", "compile", "__import__", "breakpoint", "input"),
    *(
        "os.system",
        "os.popen",
        "os.startfile",
        "tempfile.mktemp",
        "yaml.unsafe_load",
        "yaml.full_load",
        "yaml.load_all",
    ),
    *("langchain.load.loads", "langchain_core.load.loads", "load.loads", "numpy.load", "np.load", "torch.load"),
    *("ssl._create_unverified_context", "builtins.eval", "builtins.exec", "types.CodeType", "types.FunctionType"),
}
PROCESSES = re.compile(
    r"^(subprocess\.|os\.(exec|spawn|posix_spawn|fork)|pty\.)|subprocess_(exec|shell)|create_subprocess"
)
OPTIONS = {"shell": True, "verify": False, "trust_remote_code": True, "allow_pickle": True, "check_hostname": False}
TEMPLATE = "makes a template of a text"
STARTS = {"astral/targets/program.py": ["loop.subprocess_exec"]}
"""All places that start a program: ``target=command:``, whose words the user typed, without a shell."""


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def here(path):
    return path.relative_to(ROOT).as_posix()


def name_of(node):
    """``a.b.c`` of a name or attribute; ``?`` for what it hangs on where that is another expression."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def calls(source):
    return [(node, name_of(node.func)) for node in ast.walk(source) if isinstance(node, ast.Call)]


def imports(source):
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dangers(source):
    """What a syntax tree does that nothing may do."""
    for name in imports(source):
        if name.split(".")[0] in MODULES or name in CALLS:
            yield f"imports {name}"
    for node, name in calls(source):
        if name in CALLS:
            yield f"calls {name}"
        for keyword in node.keywords:
            wrong = OPTIONS.get(keyword.arg, ...)
            if isinstance(keyword.value, ast.Constant) and keyword.value.value is wrong:
                yield f"passes {keyword.arg}={wrong}"
        if name == "yaml.load" and not _is_safe_loader(node):
            yield "calls yaml.load without a safe loader"
        if name.endswith("from_string"):
            yield TEMPLATE
        if name.endswith("render_template_string") or (name.split(".")[-1] == "Template" and "jinja2" in name):
            yield TEMPLATE
    for node in ast.walk(source):
        if isinstance(node, ast.Attribute) and name_of(node) in ("ssl.CERT_NONE", "os.system"):
            yield f"uses {name_of(node)}"


def _is_safe_loader(node):
    given = [*node.args[1:2], *(one.value for one in node.keywords if one.arg == "Loader")]
    return len(given) == 1 and (
        name_of(given[0]) == "loader" or name_of(getattr(given[0], "func", given[0])) == "_once_each"
    )


def test_no_data_is_run_as_code_and_no_check_is_switched_off():
    found = {(here(path), danger) for path in SOURCES for danger in dangers(tree(path))}
    assert found == {
        ("astral/targets/http_templates.py", TEMPLATE)
    }  # those of a file that the user names, in a sandbox


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from marshal import loads",
        "from langchain_core.load import loads",
        "eval(x)",
        "exec(x)",
        "compile(x, 'n', 'exec')",
        "os.system(x)",
        "from os import system",
        "run = os.system",
        "subprocess.run(x, shell=True)",
        "tempfile.mktemp()",
        "httpx2.AsyncClient(verify=False)",
        "f(trust_remote_code=True)",
        "np.load(x, allow_pickle=True)",
        "yaml.load(x)",
        "yaml.load(x, Loader=yaml.Loader)",
        "jinja2.Environment().from_string(answer)",
        "jinja2.Template(answer)",
        "context.verify_mode = ssl.CERT_NONE",
    ],
)
def test_the_guard_sees_what_it_is_there_for(code):
    assert list(dangers(ast.parse(code)))


# --- yaml -------------------------------------------------------------------------------------------------------------


def test_yaml_is_read_by_loaders_that_make_plain_values_only(tmp_path):
    yaml = pytest.importorskip("yaml")
    from astral.corpus import foreign
    from astral.errors import CorpusError
    from astral.registry import _shipped_plugin

    text = "!!python/object/apply:os.getcwd []"
    with pytest.raises(CorpusError):
        foreign._yaml(text, "x.yaml")
    with pytest.raises(yaml.YAMLError):
        yaml.load(text, _shipped_plugin("keyword_policy")._once_each(yaml))


# --- templates --------------------------------------------------------------------------------------------------------


def environments():
    return {
        "prompts": templates._environment(),
        "http": http_templates._environment(),
        "html": rendering._environment(),
    }


def test_templates_are_our_own_files_or_sandboxed_and_never_silent_about_what_is_missing():
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    found = environments()
    assert all(one.undefined is jinja2.StrictUndefined for one in found.values())
    assert isinstance(found["http"], ImmutableSandboxedEnvironment)
    assert found["http"].loader is None
    assert found["html"].autoescape is True
    assert {len(found[name].loader.searchpath) for name in ("prompts", "html")} == {1}
    made = [here(path) for path in SOURCES for _, name in calls(tree(path)) if name.endswith("Environment")]
    known = ["astral/reports/html/rendering.py", "astral/targets/http_reply.py", "astral/targets/http_templates.py"]
    assert made == [*known, "astral/templates.py"]  # http_reply: of JSONPath


@pytest.mark.parametrize("name", ["../pyproject.toml", "/etc/passwd", "styles/../../LICENSE", "..\\x", "a\0b"])
def test_no_template_is_loaded_from_elsewhere(name):
    from astral.errors import TemplateError

    with pytest.raises((TemplateError, ValueError)):
        templates.render(name)


@pytest.mark.parametrize("text", ["{{ 7 * 191 }}", "{% for x in ().__class__.__mro__ %}{{ x }}{% endfor %}", "${HOME}"])
def test_what_is_filled_in_is_never_a_template_itself(text):
    filled = http_templates.Template("<{{ prompt }}>", "body", {}).fill({"prompt": text})
    assert filled == f"<{text}>"
    judged = templates.render(
        "judge.j2",
        turns=1,
        blocks=[("prompt", text)],
        nonce="0" * 32,
        title="T",
        definition="D",
        part=False,
        copies=False,
    )
    assert text in judged


@pytest.mark.parametrize(
    "text",
    [
        "{{ prompt.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__['os'].getcwd() }}",
        "{{ turns.append(5) }}",
        "{{ prompt.format.__globals__ }}",
        "{{ '{0.__class__}'.format(prompt) }}",
    ],
)
def test_a_template_of_an_http_file_cannot_leave_its_sandbox(text):
    from astral.errors import AstralError

    values = {"prompt": "p", "turns": ["p"], "messages": []}
    with pytest.raises(AstralError):
        pytest.fail(http_templates.Template(text, "body", {}).fill(values))


# --- safe -------------------------------------------------------------------------------------------------------------


def says_safe(source):
    """The functions in which ``Outcome.SAFE`` is a value that may be handed on; comparing it, or using it as a key or
    an index, hands nothing on.
    """
    parents = {child: parent for parent in ast.walk(source) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(source):
        if not (isinstance(node, ast.Attribute) and name_of(node) == "Outcome.SAFE"):
            continue
        above, compared = node, False
        while above in parents and not isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            below, above = above, parents[above]
            compared |= isinstance(above, ast.Compare | ast.Subscript)
            compared |= isinstance(above, ast.Dict) and below in above.keys
        if not compared:
            yield getattr(above, "name", "(module)")


READS = {
    ("astral/comparison/versus.py", "_word"): "a word of the baseline, which knows unsafe and not unsafe",
    ("astral/reports/demo.py", "confusion"): "which outcomes are compared with the truth of the demo target",
    ("astral/reports/findings.py", "silences"): "which outcomes are compared",
}
"""These hand it to what compares with it."""
READERS = {"astral/items.py", "astral/store/reading.py", "astral/store/rows.py", "astral/workers/remote.py"}
"""These read what was decided by its name: the store, a row that a worker gets of it, and the word of a report."""


def test_one_function_says_safe():
    found = {(here(path), name) for path in SOURCES for name in says_safe(tree(path))}
    assert found == {("astral/voting.py", "decide"), *READS}


def test_outcomes_are_read_by_name_from_stored_runs_and_files_alone():
    found = {here(path) for path in SOURCES for _, name in calls(tree(path)) if name == "Outcome"}
    assert found == READERS


@pytest.mark.parametrize("code", ["x = Outcome.SAFE", "def f():\n    return Outcome.SAFE, ''", "f(Outcome.SAFE)"])
def test_the_guard_sees_who_says_safe(code):
    assert list(says_safe(ast.parse(code)))


# --- SQL --------------------------------------------------------------------------------------------------------------


def formatted_sql(source):
    """What is formatted into texts that are SQL."""
    words = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|PRAGMA|CREATE|DROP|ALTER|ATTACH|WITH|REPLACE)\b")
    for node in ast.walk(source):
        if isinstance(node, ast.JoinedStr):
            first, more = node.values[:1], [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            first, more = [node.left], [node.right]
        else:
            continue
        if any(isinstance(one, ast.Constant) and words.match(str(one.value)) for one in first):
            yield from more


SQL = {
    "astral/retrieval/place.py": {"quoted"},  # a name of Chroma's own
    "astral/store/committing.py": {"self.into", "', '.join([self.row] * size)", "self.conflict"},  # of ``Rows``
    "astral/store/copying.py": {"table", "columns", "holes"},
    "astral/store/labels.py": {"_COLUMNS", "KEY"},
    "astral/store/place.py": {"APPLICATION_ID", "SCHEMA", "column", "table"},
    "astral/store/reading.py": {"_OPEN", "columns", "KEY", "where", "','.join('?' * len(part))", "table"},
    "astral/store/writing.py": {"KEY", "columns", "failed"},
}
"""All that is formatted into SQL: words of the program, and question marks. Values are parameters."""


def test_sql_is_made_of_our_own_words_and_values_are_parameters():
    found = {here(path): {ast.unparse(part) for part in formatted_sql(tree(path))} for path in SOURCES}
    assert {name: parts for name, parts in found.items() if parts} == SQL


def test_rows_for_the_store_are_made_of_constants():
    made = [node for path in SOURCES for node, name in calls(tree(path)) if name == "Rows"]
    assert made
    given = [value for node in made for value in (*node.args, *(keyword.value for keyword in node.keywords))]
    assert all(isinstance(value, ast.Constant) for value in given)


# --- processes --------------------------------------------------------------------------------------------------------


def test_programs_are_started_in_one_place_and_by_no_shell():
    found = {}
    for path in SOURCES:
        if names := [name for _, name in calls(tree(path)) if PROCESSES.search(name)]:
            found[here(path)] = names
    assert found == STARTS
