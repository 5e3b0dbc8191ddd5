#!/usr/bin/env python3
"""The programs as operators call them: --help suffices, wrong use is told apart from trouble, configurations are checked."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("CHUANYU_BIN_DIR", ROOT / "build/release/bin"))
sys.path.insert(0, str(ROOT / "tests/support/py"))
from chuanyu_test import Network, scratch  # noqa: E402


def run(*words, **more):
    return subprocess.run([str(BIN / words[0]), *map(str, words[1:])], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, **more)


class Programs(unittest.TestCase):
    def test_help(self):
        for program in ("chuanyu-gateway", "chuanyu", "chuanyu-audit", "chuanyu-map"):
            with self.subTest(program):
                done = run(program, "--help")
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertGreater(len(done.stdout), 200)
                self.assertNotEqual(0, run(program, "--no-such-option").returncode)

    def test_wrong_use_is_told_in_chinese(self):
        for words in (("chuanyu-gateway", "--confg", "x"), ("chuanyu-gateway", "--config"), ("chuanyu", "qurey", "credit"),
                      ("chuanyu", "inbox", "--wait", "soon"), ("chuanyu-audit", "verfy"), ("chuanyu-audit", "show", "x", "--index", "a"),
                      ("chuanyu-map", "chek", "adapters"), ("chuanyu-map", "convert", "--form", "x")):
            with self.subTest(words):
                done = run(*words)
                self.assertEqual(2, done.returncode, done.stderr)
                first = done.stderr.splitlines()[0]
                self.assertIn("用法有误", first)
                self.assertNotRegex(first, "[a-z]+ [a-z]+ [a-z]+")  # a sentence of the library

    def test_versions(self):
        for program in ("chuanyu-gateway", "chuanyu", "chuanyu-audit", "chuanyu-map"):
            self.assertRegex(run(program, "--version").stdout, rf"^{program} \d")

    def test_scripts_answer_help(self):
        for script in ("deploy/quickstart", "deploy/install-deps", "deploy/demo/up", "deploy/demo/story", "tests/run",
                       "tests/lint/tidy", "certs/make-dev-pki"):
            with self.subTest(script):
                done = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertIn("用法", done.stdout)


class Configuration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch(cls.addClassCleanup, "config")
        cls.network = Network(cls.folder, started=False)
        cls.addClassCleanup(cls.network.close)

    def write(self, change=None):
        config = json.loads(json.dumps(self.network.sc.config))
        if change:
            change(config)
        path = self.folder / "check.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    def test_a_good_one(self):
        done = run("chuanyu-gateway", "--config", self.write(), "--check-config")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("配置正确", done.stdout)

    def test_every_error_at_once(self):
        def spoil(config):
            config["listen"]["prot"] = 1
            config["tls"]["trust"] = "/nonexistent/trust.pem"
            config["gateway"]["region"] = "x"
        done = run("chuanyu-gateway", "--config", self.write(spoil), "--check-config")
        self.assertEqual(2, done.returncode)
        for wanted in ("CONFIG_KEY_UNKNOWN", "/listen/prot", '"port"', "CONFIG_UNREADABLE", "/tls/trust", "CONFIG_VALUE", "/gateway/region"):
            self.assertIn(wanted, done.stdout + done.stderr)

    def test_default_config_is_whole(self):
        done = run("chuanyu-gateway", "--print-default-config")
        self.assertEqual(0, done.returncode)
        for group in ("gateway", "listen", "tls", "keys", "directory", "policy", "adapters", "peers", "limits", "threads"):
            self.assertIn(f'"{group}"', done.stdout)

    def test_missing_file(self):
        done = run("chuanyu-gateway", "--config", "/nonexistent.json")
        self.assertEqual(2, done.returncode)
        self.assertIn("CONFIG_UNREADABLE", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
