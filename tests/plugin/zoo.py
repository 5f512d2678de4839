"""A target and an oracle that misbehave in a way of their own for each word of a prompt, and what comes of it."""

IMPORTS = """
    import asyncio, os, signal, sys, threading, time
    from astral.errors import CallError, SettingsError
    from astral.model import Label, Refusal, Response, Usage, Verdict

    def forever(n=0):
        return forever(n + 1)

    class Loud(str):
        def __iter__(self): raise RuntimeError("iterated")
        def __len__(self): raise RuntimeError("measured")
        def lower(self): raise RuntimeError("lowered")
        def encode(self, *_): raise RuntimeError("encoded")
        def __eq__(self, other): raise RuntimeError("compared")
        __hash__ = str.__hash__

    class Trap(Response):
        read = 0
        def __getattribute__(self, name):
            if name == "text":
                Trap.read += 1
                if Trap.read > 1:
                    raise RuntimeError("a trap")
            return super().__getattribute__(name)

    class Mute(Exception):
        def __str__(self): raise SystemExit(5)
        __repr__ = __str__

    def raising(error):
        raise error

    def group():
        raise BaseExceptionGroup("all at once", [SystemExit(3), KeyboardInterrupt()])

    def hang():
        threading.Event().wait()

    def printing(value):
        print("\\n::error::forged"); sys.stderr.write("forged\\n"); sys.__stdout__.write("forged\\n")
        return value

    def threads(value):
        def late():
            raise RuntimeError("from a thread of its own")
        threading.excepthook = lambda *_: None
        for work in (late, hang):
            threading.Thread(target=work, daemon=True).start()
        return value

    def signals():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
"""
"""What both need. The signals of a process can be set in its main thread alone, where no plugin is called."""

BOTH = {
    "raises": "raising(RuntimeError('no'))",
    "exits": "sys.exit(0)",
    "interrupts": "raising(KeyboardInterrupt())",
    "cancels": "raising(asyncio.CancelledError())",
    "leaves": "raising(GeneratorExit())",
    "stops": "raising(StopIteration(5))",
    "groups": "group()",
    "memory": "raising(MemoryError())",
    "recurses": "forever()",
    "mute": "raising(Mute())",
    "hangs": "hang()",
    "signals": "signals()",
    "none": "None",
    "number": "5",
    "bytes": "b'safe'",
    "class": "dict",
    "coroutine": "asyncio.sleep(0, b'x')",
}
"""What a call does: it ends as one trial's error."""
TARGET = {
    **BOTH,
    "huge": "'x' * (5 * 2**20)",
    "hugely": "Response('fine', earlier=('x' * (5 * 2**20),))",
    "tokens": "Response('fine', usage=Usage(10**30, 1))",
    "negative": "Response('fine', usage=Usage(-(10**9), 1))",
}
ORACLE = {
    **BOTH,
    "word": "'SAFE'",
    "turn": "Verdict('o', Label.SAFE, turn=10**30)",
    "severity": "Verdict('o', Label.UNSAFE, severity=True)",
    "signalled": "Verdict('o', Label.SAFE, signals=('x',) * 10**6)",
    "changes": "object.__setattr__(case, 'turns', ()) or object.__setattr__(response, 'text', 'bad') or 'x'",
}
FINE = {
    "fine": "fine",
    "prints": "printing(fine)",
    "threads": "threads(fine)",
    "elsewhere": "os.chdir('/') or fine",
    "closes": "sys.stdout.close() or sys.stderr.close() or fine",
    "clears": "os.environ.clear() or fine",
}
"""What harms nobody: the trial has its outcome."""
FINE_TARGET = {
    **FINE,
    "trap": "Trap('fine')",
    "loud": "Response(Loud('fine'), model=Loud('m'))",
    "late": "asyncio.sleep(0, fine)",
}
FINE_ORACLE = {
    **FINE,
    "loudly": "Verdict('o', Loud('safe'), reason=Loud('fine'))",
    "long": "Verdict('o', Label.SAFE, Refusal.NONE, 0, 'x' * 10**7)",
    "spoils": "case.provenance.update(x=object()) or case.extra.update(x=5) or fine",
    "rewrites": "object.__setattr__(response, 'text', 'bad') or fine",
}


def module(kind, doings, *, asynchronous=False):
    """The source of ``bot.py`` or of a ``conftest.py``: a function that does what the first word of a prompt says."""
    word = "prompt.split()[0]" if kind == "target" else "case.prompt.split()[0]"
    given, fine = ("prompt", "'answer to ' + prompt") if kind == "target" else ("case, response", "'safe'")
    table = "".join(f"\n        {name!r}: lambda: {code}," for name, code in doings.items())
    head = "async def" if asynchronous else "def"
    name = "answer" if kind == "target" else "judge"
    return f"""{IMPORTS}
    {head} {name}({given}):
        fine = {fine}
        doing = {{{table}
        }}.get({word}, lambda: fine)
        return doing()
"""
