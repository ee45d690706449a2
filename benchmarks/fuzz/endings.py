"""Writing that is broken off: processes killed, and disks that are full, in the middle of keeping a session.

A forked child writes sessions as fast as it can and is killed (SIGKILL) at a random moment; or may write files of so
many bytes only (RLIMIT_FSIZE), so that the kernel itself refuses the rest. What is there afterwards must be a whole
session, the old one or the new.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np

from benchmarks.fuzz import text
from heartwright import sessions
from heartwright.sessions import store


def killed(folder: Path, times: int, seed: int) -> list[str]:
    """What is wrong after `times` kills in the middle of writing; nothing, if all is well."""
    rng = np.random.default_rng(seed)
    few, many = (store.parse(text.seeds()[i], name="seed") for i in (0, 2))
    path = folder / "killed.toml"
    wrong = []
    for k in range(times):
        sessions.save(few, path)
        child = os.fork()
        if child == 0:
            while True:
                sessions.save(many, path)
                sessions.save(few, path)
        time.sleep(float(rng.uniform(0.0, 0.03)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            if sessions.load(path) not in (few, many):
                wrong.append(f"kill {k}: another session than either")
        except sessions.SessionError as problem:
            wrong.append(f"kill {k}: {problem}")
    return wrong


def full(folder: Path, times: int, seed: int) -> list[str]:
    """What is wrong after `times` disks that were full after a random number of bytes."""
    rng = np.random.default_rng(seed)
    few, many = (store.parse(text.seeds()[i], name="seed") for i in (0, 2))
    path = folder / "full.toml"
    size = len(store.text(many).encode())
    wrong = []
    for k in range(times):
        sessions.save(few, path)
        child = os.fork()
        if child == 0:
            os._exit(_write_with_room(many, path, int(rng.integers(0, size))))
        rng.integers(0, size)  # as the child drew
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != 7:
            wrong.append(f"disk {k}: the child ended with {status}, 7 is a refusal in plain words")
        if sessions.load(path) != few:
            wrong.append(f"disk {k}: the old session is gone")
        left = [p for p in folder.iterdir() if p.suffix == ".part"]
        if left:
            wrong.append(f"disk {k}: left {left[0].name}")
    return wrong


def _write_with_room(held: sessions.Session, path: Path, room: int) -> int:
    """7 where the write was refused in plain words, 1 where it was not, 2 where something else came of it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        sessions.save(held, path)
    except sessions.SessionError:
        return 7
    except BaseException:
        return 2
    return 1
