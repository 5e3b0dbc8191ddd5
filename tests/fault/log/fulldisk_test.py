"""The log on a file system that fills up for real: refused, nothing acknowledged lost, and with room again it goes on.
Exit code 77: no tmpfs can be mounted here (it takes root), nothing was tested."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(os.environ["CHUANYU_BIN_DIR"]) / "log_calls"


def mount(*words):
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


class FullDisk(unittest.TestCase):
    def test_until_it_is_full(self):
        for size in ("3m", "5m", "9m"):
            place = pathlib.Path(tempfile.mkdtemp(prefix="chuanyu-full-"))
            self.addCleanup(place.rmdir)
            self.assertTrue(mount("-t", "tmpfs", "-o", "size=" + size, "tmpfs", str(place)))
            self.addCleanup(subprocess.run, ["umount", str(place)], check=True)
            key, data = place / "key.pem", place / "data"
            words = [str(PROGRAM), "--once", str(data), "--key", str(key), "--entries", "100000"]
            done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
            *lines, last = done.stdout.splitlines(keepends=True)
            refused = json.loads(last)["refused"]
            self.assertTrue(refused, "it was never full")
            self.assertLessEqual(set(refused), {"LOCAL_LOG_UNAVAILABLE", "LOCAL_DISK_FULL"})
            told = [line for line in lines if re.fullmatch(r"\d+ [0-9a-f]{64} [0-9a-f]{64}\n", line)]
            self.assertGreater(len(told), 100)
            self.assertTrue(mount("-o", "remount,size=64m", str(place)))
            judged = subprocess.run([str(PROGRAM), "--judge", str(data), "--key", str(key)], input="".join(told),
                                    capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)
            print(f"tmpfs of {size}: {len(told)} acknowledged, then {sorted(set(refused))}; all there", file=sys.stderr)


def can_mount():
    place = tempfile.mkdtemp(prefix="chuanyu-full-")
    mounted = mount("-t", "tmpfs", "tmpfs", place)
    if mounted:
        subprocess.run(["umount", place], check=True)
    os.rmdir(place)
    return mounted


if __name__ == "__main__":
    if not can_mount():
        print("略过：这里不能挂载 tmpfs，什么都没有测", file=sys.stderr)
        sys.exit(77)
    unittest.main()
