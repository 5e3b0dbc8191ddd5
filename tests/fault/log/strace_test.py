"""The journal under strace: nothing escapes the recorder of file_calls.h, a group costs two flushes, and what strace kills or
makes fail leaves every acknowledged entry. Exit code 77: strace cannot attach here, nothing was tested."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(os.environ["CHUANYU_BIN_DIR"]) / "log_calls"
EVERY_CALL = "--every-call" in sys.argv
CALLS = ("pwrite64", "writev", "write", "fdatasync", "fsync", "rename", "mkdir", "unlink")
# LeakSanitizer cannot work under ptrace.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


class Strace(unittest.TestCase):
    def setUp(self):
        where = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chuanyu-strace-", dir=where))
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = self.folder / "data"
        self.key = self.folder / "key.pem"

    def run_once(self, *options):
        """The program under strace; what it acknowledged, and its process."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir()
        done = subprocess.run(["strace", "-f", "-y", "-qq", "-o", str(self.folder / "trace"), *options, str(PROGRAM), "--once",
                               str(self.data), "--key", str(self.key)], capture_output=True, text=True, timeout=120,
                              check=False, env=ENVIRONMENT)
        lines = done.stdout.splitlines(keepends=True)
        return [line for line in lines if re.fullmatch(r"\d+ [0-9a-f]{64} [0-9a-f]{64}\n", line)], done

    def judge(self, told, what):
        done = subprocess.run([str(PROGRAM), "--judge", str(self.data), "--key", str(self.key)], input="".join(told),
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, f"{what}: {done.stdout}{done.stderr[-2000:]}")

    def test_counts(self):
        told, done = self.run_once("-e", "trace=" + ",".join((*CALLS, "openat", "open")))
        self.assertEqual(done.returncode, 0, done.stderr)
        mine = json.loads(done.stdout.splitlines()[-1])
        trace = (self.folder / "trace").read_text(encoding="utf-8", errors="replace").splitlines()
        below = [line for line in trace if str(self.data) in line and "lock.mdb" not in line and "resumed" not in line]
        seen = {call: sum(re.search(rf"\b{call}\(", line) is not None for line in below) for call in CALLS}
        self.assertEqual(seen["pwrite64"] + seen["writev"] + seen["write"], mine["write"], seen)
        self.assertEqual(seen["fdatasync"] + seen["fsync"], mine["flush"], seen)
        self.assertEqual((seen["rename"], seen["unlink"]), (mine["rename"], mine["remove"]), seen)

        log = [line for line in below if "log/data.mdb" in line and "data.mdb.new" not in line]
        synchronous = {re.search(r"= (\d+)<", line).group(1) for line in log if "O_DSYNC" in line}
        flushes = sum("fdatasync(" in line for line in log)
        meta = sum(re.search(rf"pwrite64\(({'|'.join(synchronous)})<", line) is not None for line in log)
        self.assertEqual(flushes, meta, "every commit: one fdatasync, one synchronous write of the first page")
        # Beside the groups there are commits that store a checkpoint alone.
        self.assertGreaterEqual(flushes, mine["groups"])
        print(f"{len(told)} entries in {mine['groups']} groups, {flushes} commits of the log, "
              f"{(flushes + meta) / flushes:.0f} flushes each", file=sys.stderr)

    def sweep(self, fault):
        """`fault` at the n-th call of each kind that a thread makes, for n until a run goes through undisturbed."""
        hits = 0
        for call in CALLS:
            step = 1 if EVERY_CALL else 9
            for n in range(1, 400, step):
                told, done = self.run_once("-e", "trace=" + call, "-e", f"inject={call}:{fault}:when={n}")
                trace = (self.folder / "trace").read_text(encoding="utf-8", errors="replace")
                hit = "INJECTED" in trace or "killed by SIGKILL" in trace
                if not hit:
                    self.assertEqual(done.returncode, 0, done.stderr)
                    break
                hits += 1
                self.judge(told, f"{call} {fault} {n}")
        print(f"{fault}: {hits} calls hit", file=sys.stderr)
        self.assertGreater(hits, len(CALLS))

    def test_kill(self):
        self.sweep("signal=KILL")

    def test_io_error(self):
        self.sweep("error=EIO")

    def test_no_space(self):
        self.sweep("error=ENOSPC")


def can_trace():
    try:
        return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    if not can_trace():
        print("略过：这里没有 strace，或它不能附着进程（ptrace），什么都没有测", file=sys.stderr)
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]])
