"""A terminal for tests: a command on a pty, and a screen that knows the few codes that may come."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

_CODE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\x1b([78D])|([\r\n\x08\x07])|([^\x1b\r\n\x08\x07]+)|(\x1b)")


class Screen:
    """Rows of text, those that have left the top included. Raises ValueError for a code that it does not know."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [[] for _ in range(rows)]
        self.top = self.row = self.column = 0
        self._saved = (0, 0)

    def feed(self, text):
        for code in _CODE.finditer(text):
            amount, csi, escape, control, plain, stray = code.groups()
            if stray is not None:
                raise ValueError(f"unknown code {text[code.start() : code.start() + 8]!r}")
            if csi is not None:
                self._csi(csi, amount)
            elif escape is not None:
                self._escape(escape)
            elif control is not None:
                self._control(control)
            else:
                for char in plain:
                    self._put(char)

    def text(self):
        """All that can be read, from the first line to the last one that is not blank."""
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip()

    def _csi(self, letter, amount):
        if letter == "A":
            self.row = max(0, self.row - int(amount or 1))
            self.column = min(self.column, self.columns - 1)
        elif letter == "B":
            self.row = min(self.rows - 1, self.row + int(amount or 1))
            self.column = min(self.column, self.columns - 1)
        elif letter == "K" and amount == "2":
            self._line().clear()
        elif letter != "m":
            raise ValueError(f"unknown code CSI {amount}{letter}")

    def _escape(self, code):
        if code == "7":
            self._saved = (self.row, self.column)
        elif code == "8":
            self.row, self.column = self._saved
        else:
            self._down()

    def _control(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._down()

    def _down(self):
        if self.row < self.rows - 1:
            self.row += 1
        else:
            self.top += 1
            self.lines.append([])

    def _put(self, char):
        if self.column == self.columns:
            self.column = 0
            self._down()
        line = self._line()
        line.extend(" " * (self.column + 1 - len(line)))
        line[self.column] = char
        self.column += 1

    def _line(self):
        return self.lines[self.top + self.row]


def on_terminal(command, *, cwd, env, columns=100, rows=24, seen=lambda text: None, seconds=60):
    """Run ``command`` on a terminal of that size; its exit code and all it sent, which ``seen`` is told as it comes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    child = subprocess.Popen(command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    sent, end = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # the other side was closed
                    break
                if not part:
                    break
                sent += part
                seen(sent.decode("utf-8", "replace"))
        return child.wait(timeout=10), sent.decode("utf-8", "replace")
    finally:
        child.kill()
        child.wait()
        os.close(ours)
