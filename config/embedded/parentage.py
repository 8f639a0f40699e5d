"""Children that do not outlive their parent, even when it is killed outright (Linux)."""

import ctypes
import os
import sys
from collections.abc import Callable
from signal import Signals

PR_SET_PDEATHSIG = 1


def dies_with_parent(signal: Signals) -> Callable[[], None]:
    """A preexec_fn: the kernel sends `signal` to the child when its parent ends.

    The signal comes when the *thread* that started the child ends, so start such children
    from the main thread. Elsewhere than on Linux it does nothing.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork, not after it
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return arrange
