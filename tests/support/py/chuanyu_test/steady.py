"""Somebody who does right all the time, to see whether somebody else's wrong is felt; and which codes a run has seen."""
import json
import threading
import time

from .client import codes_seen
from .place import BIN


class Steady:
    """Calls `action` (-> True when all is well) again and again on a thread of its own until stop()."""

    def __init__(self, action, pause=0.02):
        self._action = action
        self._pause = pause
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.done = 0
        self.failures = []
        self.slowest = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                fault = None if self._action() else "answered wrongly"
            except Exception as why:  # pylint: disable=broad-except
                fault = repr(why)
            with self._lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.done += 1
                if fault:
                    self.failures.append(fault)
            self._stop.wait(self._pause)

    def mark(self):
        with self._lock:
            return self.done

    def check(self, case, since):
        """It goes on: at least one call began and ended since the mark, and none ever failed."""
        end = time.monotonic() + 15
        while self.mark() < since + 2 and time.monotonic() < end:
            time.sleep(0.01)
        case.assertGreaterEqual(self.mark(), since + 2, "a healthy client no longer gets answers")
        case.assertEqual(self.failures, [], "a healthy client suffered")

    def stop(self):
        self._stop.set()
        self._thread.join(30)


FOLDER = BIN.parent / "test-codes"


def record_codes(name, more=()):
    """Leaves the codes that this run has seen for codes_test.py, and prints them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    seen = sorted(codes_seen() | set(more))
    (FOLDER / f"{name}.json").write_text(json.dumps(seen), encoding="ascii")
    print(f"codes seen by {name}: {' '.join(seen)}")
