"""Administration is logged: every change of directory, policy, mapping, key and configuration is an entry, with who and what."""
import getpass
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from chuanyu_test import BIN, Network, SOURCE, record_codes, scratch


def entries(data, count=100):
    done = subprocess.run([str(BIN / "chuanyu-audit"), "show", str(data), "--last", str(count), "--json"], capture_output=True,
                          text=True, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)["entries"]


class AdminLog(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup, "admin-log")
        self.network = Network(self.folder, hub=True, started=False)
        self.addCleanup(self.network.close)
        self.sc = self.network.sc
        adapters = self.folder / "adapters"
        shutil.copytree(SOURCE / "adapters", adapters, ignore=lambda folder, names: [
            name for name in names if not (pathlib.Path(folder) / name).is_dir() and not name.endswith(".json")])
        self.sc.config["adapters"] = str(adapters)
        self.adapters = adapters
        self.sc.start()

    def new_entries(self, change):
        before = entries(self.sc.data)[-1]["index"]
        self.assertEqual(change(), [])
        return [e for e in entries(self.sc.data) if e["index"] > before]

    def test_the_first_start_says_everything(self):
        found = entries(self.sc.data)
        kinds = [entry["kind"] for entry in found]
        for kind in ("shard_open", "policy", "directory", "key", "admin"):
            self.assertEqual(kinds.count(kind), 1, kinds)
        self.assertEqual(kinds.count("mapping"), 6, kinds)
        me = f"start {getpass.getuser()}({os.getuid()})"
        self.assertEqual({entry["basis"] for entry in found}, {me})

    def test_nothing_changed_nothing_said(self):
        self.assertEqual(self.new_entries(self.sc.reload), [])
        self.assertEqual(self.sc.stop(), 0)
        before = entries(self.sc.data)[-1]["index"]
        self.sc.start()
        # Ports are written into the configuration by nobody: it is the same file.
        self.assertEqual(entries(self.sc.data)[-1]["index"], before)

    def test_each_change_is_one_entry(self):
        def policy():
            self.sc.policy.write_text("// another comment is another text\n" + self.sc.policy.read_text(encoding="utf-8"), encoding="utf-8")
            return self.sc.reload()

        def directory():
            def suspend(document):
                document["parties"][0]["systems"][0]["suspended"] = True
            self.network.pki.change_directory(suspend)
            return self.sc.reload()

        for change, kind in ((policy, "policy"), (directory, "directory")):
            found = self.new_entries(change)
            self.assertEqual([entry["kind"] for entry in found], [kind])
            self.assertTrue(found[0]["basis"].startswith("reload "), found)

    def test_a_new_configuration_is_said_at_the_next_start(self):
        self.assertEqual(self.sc.stop(), 0)
        before = entries(self.sc.data)[-1]["index"]
        self.sc.config.setdefault("limits", {})["query_records"] = 50
        self.sc.start()
        found = [e for e in entries(self.sc.data) if e["index"] > before]
        self.assertEqual([(entry["kind"], entry["what"]) for entry in found], [("admin", "config")])


def tearDownModule():
    record_codes("admin_log")


if __name__ == "__main__":
    sys.exit(unittest.main())
