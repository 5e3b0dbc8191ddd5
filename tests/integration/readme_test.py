#!/usr/bin/env python3
"""Runs every command of README.md. Each ```sh block says how, in the comment before it:

  <!-- test: demo -->    as it stands, in order, with the demo network running where `deploy/quickstart --keep` leaves it
  <!-- test: help -->    takes too long or changes the machine: each command is run with --help instead
  <!-- test: manual -->  names things only the reader has (a host, a real certificate): only the program must exist
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("CHUANYU_BIN_DIR", ROOT / "build/release/bin"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(mark):
    return re.findall(r"<!-- test: " + mark + r" -->\n```sh\n(.*?)```", README, re.S)


def commands(block):
    """Lines of a block, continued lines joined, comments left out."""
    for line in block.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#\s.*$", "", line).strip()
        if line:
            yield line


class Readme(unittest.TestCase):
    def test_commands_answer_help(self):
        self.assertTrue(blocks("help"))
        for block in blocks("help"):
            for command in commands(block):
                program = command.split()[0]
                with self.subTest(command):
                    done = subprocess.run([ROOT / program, "--help"], capture_output=True, text=True, timeout=60, check=False)
                    self.assertEqual(0, done.returncode, done.stderr)
                    for option in re.findall(r"(?<!\S)--[a-z-]+", command):
                        self.assertIn(option, done.stdout + done.stderr, f"{program} 没有选项 {option}")

    def test_programs_exist(self):
        for block in blocks("manual"):
            for command in commands(block):
                name = command.split()[0]
                if "/" in name and not name.startswith("/"):
                    self.assertTrue((ROOT / name).exists() or (BIN / pathlib.Path(name).name).exists(), name)

    def test_demo(self):
        demo = blocks("demo")
        self.assertTrue(demo)
        with tempfile.TemporaryDirectory(prefix="chuanyu-readme-") as folder:
            network = pathlib.Path(folder) / "quickstart"
            up = subprocess.run([ROOT / "deploy/demo/up", "--dir", network, "--programs", BIN], capture_output=True, text=True,
                                timeout=120, check=False)
            self.assertEqual(0, up.returncode, up.stderr)
            try:
                script = "\n".join(demo).replace("build/quickstart", str(network)).replace("build/release/bin", str(BIN))
                done = subprocess.run(["bash", "-euxo", "pipefail", "-c", script], cwd=ROOT, capture_output=True, text=True,
                                      timeout=200, check=False, stdin=subprocess.DEVNULL)
                self.assertEqual(0, done.returncode, done.stdout[-4000:] + "\n" + done.stderr[-4000:])
                sys.stderr.write(done.stdout[-3000:])
            finally:
                subprocess.run([network / "stop"], capture_output=True, timeout=120, check=False)


if __name__ == "__main__":
    unittest.main(verbosity=2)
