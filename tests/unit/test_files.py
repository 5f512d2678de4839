"""Files that are written whole, and what no file may take the place of."""

import os
import stat

import pytest

from astral.errors import SettingsError
from astral.files import is_special, write_whole
from astral.formats import check_places
from astral.setting_values import ReportSpec


def test_a_file_is_replaced_and_belongs_to_its_owner_alone(tmp_path):
    path = tmp_path / "out.json"
    path.write_text("old")
    write_whole(path, "new\n")
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    path, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(path)
    link.symlink_to(path)
    for place in (path, link):
        with pytest.raises(OSError, match="not a regular file") as refused:
            write_whole(place, "text")
        assert refused.value.strerror == "not a regular file"
        with pytest.raises(SettingsError, match=rf"report=json:{place.name}: this is a device or a pipe, [^\n]+$"):
            check_places([ReportSpec("json", place.name)], tmp_path)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert link.is_symlink()
    assert {one.name for one in tmp_path.iterdir()} == {"pipe", "link"}


def test_what_is_special(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("file", "link", ".", "nothing", "no/way"):
        assert not is_special(tmp_path / name), name
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)  # a link in /proc names what is open, a plain file too
    try:
        link = tmp_path.__class__(f"/proc/self/fd/{descriptor}")
        assert is_special(link) or not link.exists(), "there is no /proc on every system"
    finally:
        os.close(descriptor)
