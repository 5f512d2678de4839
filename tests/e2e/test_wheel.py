"""The built wheel, installed where no checkout is: prompts, corpora and plugins travel with it."""

import json
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from desks import Desk, environment

ROOT = Path(__file__).parents[2]
LOOK = """
import json
import astral
from astral import resources, templates
from astral.canaries import canary_rows
from astral.corpus import shipped_seeds
from astral.registry import shipped_plugin_names
blocks = [("prompt", "a question"), ("response", "an answer")]
values = {"blocks": blocks, "nonce": "0" * 32, "title": "T", "definition": "D", "part": False, "copies": False}
print(json.dumps({
    "package": astral.__file__,
    "prompts": str(resources.shipped("prompts")),
    "judge": templates.render("judge.j2", turns=1, **values),
    "categories": sorted({seed.category for seed in shipped_seeds()}),
    "plugins": shipped_plugin_names("oracles"),
    "canaries": len(canary_rows()),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=50, check=False, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A desk in an empty directory with a Python that has the wheel; what it depends on comes from this environment."""
    place = tmp_path_factory.mktemp("installed")
    python = place / "venv" / "bin" / "python"
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", "--no-compile"]
    for command in (
        [sys.executable, "-m", "venv", "--without-pip", str(place / "venv")],
        [sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel)],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=50, env=environment())
    (site,) = (place / "venv").glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")  # its own .pth files stay unread
    (place / "empty").mkdir()
    desk = Desk(place / "empty")
    desk.env = {name: value for name, value in desk.env.items() if not name.startswith("PYTEST_")}
    return desk, python


def test_contents(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("prompts", "corpora", "plugins"):
        files = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file()}
        ours = {f"astral/_shipped/{name}" for name in files if "__pycache__" not in name}
        assert ours
        assert {name for name in names if name.startswith(f"astral/_shipped/{folder}/")} == ours
    assert all(name.startswith(("astral/", "pytest_astral-")) for name in names)
    assert not [name for name in names if name.endswith((".pth", ".pyc")) or "/tests/" in name or "conftest" in name]
    assert {"astral/py.typed", "astral/testing/server.py"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def in_the_tree(*folders):
    """Files by their paths from the root, as a checkout has them: without what Python compiles beside them."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_every_file_of_the_wheel_is_in_the_tree_with_the_same_bytes(wheel):
    packed = zipfile.ZipFile(wheel)
    files = {name for name in packed.namelist() if not name.endswith("/")}
    about = {name for name in files if ".dist-info/" in name}
    ours = {name.replace("astral/_shipped/", ""): name for name in files - about}
    assert set(ours) == in_the_tree("astral", "prompts", "corpora", "plugins")
    assert [name for name in ours if packed.read(ours[name]) != (ROOT / name).read_bytes()] == []
    wanted = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert {name.partition(".dist-info/")[2] for name in about} == wanted
    scripts = next(packed.read(name).decode() for name in about if name.endswith("entry_points.txt"))
    lines = [line for line in scripts.splitlines() if "=" in line]
    assert lines == ["astral = astral.cli:main", "astral = astral.plugin"]
    assert all(entry.external_attr >> 16 & 0o170000 in (0, 0o100000) for entry in packed.infolist())  # no links
    assert not any(entry.filename.startswith(("/", "..")) or "/../" in entry.filename for entry in packed.infolist())


def test_nothing_of_ours_runs_when_it_is_installed():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert not [name for name in ("setup.py", "setup.cfg", "hatch_build.py") if (ROOT / name).exists()]
    assert told["build-system"]["build-backend"] == "hatchling.build"
    assert "hooks" not in told["tool"]["hatch"]["build"]
    assert not any("hooks" in target for target in told["tool"]["hatch"]["build"]["targets"].values())


@pytest.mark.slow
def test_every_file_of_the_source_distribution_is_in_the_tree_with_the_same_bytes(tmp_path):
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=50, env=environment())
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as packed:
        members = packed.getmembers()
        assert all(member.isfile() or member.isdir() for member in members)
        files = {
            member.name.partition("/")[2]: packed.extractfile(member).read() for member in members if member.isfile()
        }
    assert [name for name, body in files.items() if name != "PKG-INFO" and (ROOT / name).read_bytes() != body] == []
    unwanted = {".astral", ".git", ".hypothesis", ".pytest_cache", ".venv", "__pycache__", ".env", "dist"}
    assert not [
        name for name in files if unwanted & {*Path(name).parts} or name.endswith((".pyc", ".db", ".pth", ".key"))
    ]


def test_it_renders_prompts_and_finds_corpora_and_plugins(installed):
    desk, python = installed
    done = desk.run([str(python), "-c", LOOK])
    assert done.code == 0, done.text
    found = json.loads(done.out)
    place = str(desk.path.parent / "venv")
    assert found["package"].startswith(place)
    assert found["prompts"].startswith(place)
    assert "a question" in found["judge"]
    assert len(found["categories"]) == 14
    assert "pii" in found["plugins"]
    assert found["canaries"] == 84


def test_it_runs_from_an_empty_directory(installed):
    desk, python = installed
    settings = "target=demo gate=none incomplete=100% report=json:out.json,html:out.html"
    done = desk.run([str(python), "-m", "pytest", "-p", "no:anyio", "--astral", settings])
    assert done.code == 0, done.text
    assert desk.results()["totals"]["overall"]["planned"] == 84
    assert "<html" in (desk.path / "out.html").read_text()


def test_its_command_is_there(installed):
    desk, python = installed
    done = desk.run([str(python.with_name("astral")), "generate", "x.astral.jsonl", "categories=privacy"])
    assert done.code == 0, done.text
    assert "x.astral.jsonl: 30 cases" in done.out
