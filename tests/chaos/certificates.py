"""Certificates made on the spot, each wrong in one way; all but the self-signed one are trusted."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_CONFIG = """\
[ca]
default_ca = made
[made]
dir = .
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = names
unique_subject = no
[names]
commonName = supplied
"""
HERE, ELSEWHERE = "IP:127.0.0.1", "DNS:elsewhere.invalid"
LONG_AGO = ("20200101000000Z", "20210101000000Z")
NOW = ("20200101000000Z", "20990101000000Z")
KINDS = {
    "good": (HERE, NOW),
    "expired": (HERE, LONG_AGO),
    "wrong-host": (ELSEWHERE, NOW),
    "self-signed": (HERE, NOW),
}


def make_certificates(path: Path) -> tuple[dict[str, ssl.SSLContext], Path]:
    """What a server of each kind shows, and the file of those that are trusted."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path.mkdir()
    (path / "ca.cnf").write_text(_CONFIG)
    (path / "index.txt").touch()
    (path / "serial").write_text("01\n")
    contexts, trusted = {}, []
    for kind, (host, dates) in KINDS.items():
        key, made = _made(path, kind, host, dates)
        contexts[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[kind].load_cert_chain(made, key)
        if kind != "self-signed":
            trusted.append(made.read_text())
    bundle = path / "trusted.pem"
    bundle.write_text("".join(trusted))
    return contexts, bundle


def _made(path: Path, kind: str, host: str, dates: tuple[str, str]) -> tuple[Path, Path]:
    key, request, made, extra = (path / f"{kind}.{end}" for end in ("key", "csr", "pem", "ext"))
    extra.write_text(f"subjectAltName = {host}\n")
    _openssl(path, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={kind}", "-keyout", key, "-out", request)
    signing = ("ca", "-batch", "-selfsign", "-notext", "-config", "ca.cnf", "-keyfile", key, "-extfile", extra)
    _openssl(path, *signing, "-startdate", dates[0], "-enddate", dates[1], "-in", request, "-out", made)
    return key, made


def _openssl(path: Path, *words: object) -> None:
    command = ["openssl", *map(str, words)]
    done = subprocess.run(command, cwd=path, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
