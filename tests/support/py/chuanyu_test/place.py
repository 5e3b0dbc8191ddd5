"""Where things are, and how to wait."""
import os
import pathlib
import shutil
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("CHUANYU_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[4]))
BIN = pathlib.Path(os.environ.get("CHUANYU_BIN_DIR", SOURCE / "build/release/bin"))


def scratch(case, name):
    """A folder that goes away with the test case; it stays, and is named, when CHUANYU_KEEP is set."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"chuanyu-{name}-"))
    if os.environ.get("CHUANYU_KEEP"):
        print(f"kept: {folder}", file=sys.stderr)
    else:
        case(shutil.rmtree, folder, ignore_errors=True)
    return folder


def until(condition, what, seconds=30.0):
    """The first true value of condition(); an AssertionError that says what was waited for after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s in vain for: {what}")
        time.sleep(0.02)
