"""Contents whose time of keeping has passed are erased, and nothing that is still needed: on a log that was written years ago."""
import json
import re
import shutil
import subprocess
import sys
import unittest

from chuanyu_test import BIN, Network, message, purpose, record, record_codes, scratch

CASE = purpose("case-assist")
CLUE = purpose("clue-transfer")


def audit(*words):
    return subprocess.run([str(BIN / "chuanyu-audit"), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL)


def shown(data, exchange):
    return json.loads(audit("show", data, "--exchange", exchange, "--json").stdout)["entries"]


class Retention(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup, "retention")
        self.network = Network(self.folder, started=False)
        self.addCleanup(self.network.close)
        for gateway in self.network.gateways.values():
            gateway.years_ago(5)
        self.network.start()
        self.sc, self.cq = self.network.sc, self.network.cq

    def push(self):
        sender = self.network.client("G03")
        answer = sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer"))
        self.assertEqual(answer.status, 202, answer)
        return sender, answer.exchange

    def years_of_work(self):
        """A case published twice, a clue that was taken, one that waits in the inbox, one that never left."""
        client = self.network.client("G02")
        own = record("CA0001")
        old = client.publish(own)
        self.assertEqual(old.status, 201, old)
        changed = own.native.replace("已结案".encode("gb18030"), "调查取证".encode("gb18030"), 1)
        new = client.put("case", own.id, changed, own.media)
        self.assertEqual(new.status, 200, new)
        sender, taken = self.push()
        receiver = self.network.client("G07")
        receiver.await_item(taken)
        self.assertEqual(receiver.ack(taken).status, 200)
        sender.await_status(taken, "acknowledged")
        sender, waiting = self.push()
        sender.await_status(waiting, "delivered")
        self.assertEqual(self.cq.stop(), 0)
        _, under_way = self.push()
        self.assertEqual(self.sc.stop(), 0)
        return {"old": old.exchange, "new": new.exchange, "taken": taken, "waiting": waiting, "under_way": under_way}

    def now(self, keep_months, **kinds):
        for gateway in self.network.gateways.values():
            gateway.years_ago(0)
            gateway.config["log"] = {"shard": "never"}  # its quarter is long over
            gateway.config["retention"] = {"keep_months": keep_months, "kinds": kinds}

    def erased_in(self, gateway, exchange):
        return [entry["index"] for entry in shown(gateway.data, exchange) if "erasedBy" in entry]

    def numbers(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = re.search(r"(?:已|将)删除 (\d+) 条[^\n]*\n[^\n]*了结 (\d+) 条，[^，]*?(\d+) 条，[^，]*?(\d+) 条，[^，]*?(\d+) 条", done.stdout)
        self.assertTrue(found, done.stdout)
        return tuple(map(int, found.groups()))

    def verify(self, gateway):
        key = self.network.pki.folder / gateway.name / "gateway" / f"{gateway.name}-log.pub"
        done = audit("verify", gateway.data, "--key", key, "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stdout)["logs"][0]

    def test_what_is_over_goes_and_what_is_needed_stays(self):
        done = self.years_of_work()
        self.now(42)
        before = self.verify(self.sc)["size"]
        counted = self.numbers(self.sc.command("--retention", "--dry-run"))
        self.assertEqual(self.verify(self.sc)["size"], before)  # nothing was written
        # Under way: the clue that never left. In force: the case as it is now.
        self.assertEqual(counted[1:], (1, 0, 1, 0))
        self.assertGreater(counted[0], 2)
        ran = self.sc.command("--retention")
        self.assertEqual(self.numbers(ran), counted)
        self.assertIn("--rotate-kek", ran.stdout)
        for gone in ("old", "taken", "waiting"):  # the second clue waits at the receiver's gateway, not here
            self.assertTrue(self.erased_in(self.sc, done[gone]), gone)
        for kept in ("new", "under_way"):
            self.assertEqual(self.erased_in(self.sc, done[kept]), [], kept)
        report = self.verify(self.sc)
        self.assertEqual((report["erased"], report["notYetErased"]), (counted[0], 0))
        self.assertIn("42 个月", report["erasures"][0]["basis"])
        self.assertRegex(report["erasures"][0]["approver"], r"\(\d+\)$")  # the system user who ran it
        self.assertEqual(self.numbers(self.sc.command("--retention"))[0], 0)
        # At the receiver's: what waits in the inbox stays.
        self.assertEqual(self.numbers(self.cq.command("--retention"))[2], 1)
        self.assertEqual(self.erased_in(self.cq, done["waiting"]), [])
        self.assertTrue(self.erased_in(self.cq, done["taken"]))
        self.network.start()
        self.assertEqual(self.network.client("G03").query("case", {"id": "CA0001"}, CASE).json["count"], 1)
        [item] = [item for item in self.network.client("G07").inbox_all() if item["id"] == done["waiting"]]
        self.assertIn("message", item)

    def test_a_kind_may_have_a_time_of_its_own(self):
        done = self.years_of_work()
        self.now(0, case=42)
        self.numbers(self.sc.command("--retention"))
        self.assertTrue(self.erased_in(self.sc, done["old"]))
        self.assertEqual(self.erased_in(self.sc, done["taken"]), [])
        self.now(42, case=120)
        self.numbers(self.sc.command("--retention"))
        self.assertTrue(self.erased_in(self.sc, done["taken"]))

    def test_a_crash_before_the_keys_are_gone(self):
        """The log says what is erased, and the keys are still there: a backup's log with the key rows of the one before it."""
        done = self.years_of_work()
        self.now(42)
        before = self.exported("before")
        erased = self.numbers(self.sc.command("--retention"))[0]
        after = self.exported("after")
        rows = {**self.rows(before / "keys/slot/000"), **self.rows(after / "keys/slot/000")}
        (after / "keys/slot/000").write_bytes(b"".join(len(part).to_bytes(4, "big") + part for row in sorted(rows.items()) for part in row))
        shutil.rmtree(self.sc.data)
        restored = self.sc.command("--restore", after)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertEqual(self.verify(self.sc)["notYetErased"], erased)
        self.assertEqual(self.erased_in(self.sc, done["old"]), [])
        self.sc.start()
        self.assertEqual(self.sc.stop(), 0)
        report = self.verify(self.sc)
        self.assertEqual((report["erased"], report["notYetErased"]), (erased, 0))
        self.assertTrue(self.erased_in(self.sc, done["old"]))

    def exported(self, name):
        done = audit("export", self.sc.data, self.folder / name, "--with-keys")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.folder / name

    @staticmethod
    def rows(path):
        """FORMAT.md section 6: lengths of four bytes, keys and values in turn."""
        data, parts, at = path.read_bytes(), [], 0
        while at < len(data):
            end = at + 4 + int.from_bytes(data[at:at + 4], "big")
            parts.append(data[at + 4:end])
            at = end
        return dict(zip(parts[::2], parts[1::2], strict=True))

    def test_it_never_erases_on_its_own_nor_too_early(self):
        self.years_of_work()
        self.now(0)
        refused = self.sc.command("--retention")
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn("CONFIG_VALUE", refused.stderr)
        for keep, kinds, where in ((41, {}, "/retention/keep_months"), (42, {"case": 3}, "/retention/kinds/case"),
                                   (42, {"cases": 60}, "/retention/kinds/cases")):
            self.now(keep, **kinds)
            refused = self.sc.command("--check-config")
            self.assertEqual(refused.returncode, 2, refused.stdout)
            self.assertIn(where, refused.stderr)
        self.now(120)
        self.assertEqual(self.numbers(self.sc.command("--retention"))[0], 0)
        self.assertEqual(self.sc.command("--dry-run").returncode, 2)
        self.sc.start()  # a running gateway: the command waits for nobody
        self.assertIn("LOCAL_IN_USE", self.sc.command("--retention").stderr)


def tearDownModule():
    record_codes("retention")


if __name__ == "__main__":
    sys.exit(unittest.main())
