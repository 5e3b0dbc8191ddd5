"""The key that signs a log is changed while two gateways and the auditors' process witness each other: nobody stops, and an
auditor who has only the first key, or only the newest, is told what each of them says."""
import json
import subprocess
import sys
import unittest

from chuanyu_test import BIN, Network, Witnesses, message, purpose, record_codes, scratch, vkey

CLUE = purpose("clue-transfer")


def audit(*words):
    return subprocess.run([str(BIN / "chuanyu-audit"), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL)


def new_key(folder, name):
    """As the operator's manual says."""
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(private)], check=True, timeout=30)
    private.chmod(0o600)
    subprocess.run(["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)], check=True, timeout=30)
    return private, public


class LogKey(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup, "log-key")
        self.network = Network(self.folder, started=False)
        self.addCleanup(self.network.close)
        self.witnesses = Witnesses(self.network, self.folder, entangle_seconds=1)
        self.addCleanup(self.witnesses.close)
        self.network.start()
        self.sc = self.network.sc
        self.first_key = self.sc.config["keys"]["log_key"]
        self.first = self.network.pki.folder / "sc/gateway/sc-log.pub"
        self.cq_key = self.network.pki.folder / "cq/gateway/cq-log.pub"
        self.second_key, self.second = new_key(self.folder, "second")
        _, self.wrong = new_key(self.folder, "wrong")

    def restart(self, gateway, **keys):
        self.assertEqual(gateway.stop(), 0)
        gateway.config["keys"].update(keys)
        gateway.start()

    def refused(self, says, **keys):
        """The gateway does not start with these keys."""
        self.assertEqual(self.sc.stop(), 0)
        before = dict(self.sc.config["keys"])
        self.sc.config["keys"].update(keys)
        self.sc.spawn()
        code = self.sc.process.wait(60)
        self.sc.process.stdout.close()
        self.sc.process = None
        self.assertEqual(code, 1, self.sc.tail())
        self.assertIn(says, self.sc.tail())
        self.sc.config["keys"] = before
        self.sc.start()

    def clue(self, name):
        """Sent, delivered, acknowledged (the acknowledgement's receipt is sc's), and its own receipt kept."""
        sender, receiver = self.network.client("G03"), self.network.client("G07")
        answer = sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer"))
        self.assertEqual(answer.status, 202, answer)
        receiver.await_item(answer.exchange)
        self.assertEqual(receiver.ack(answer.exchange).status, 200)
        sender.await_status(answer.exchange, "acknowledged")
        kept = self.folder / f"{name}.tlog-proof"
        got = sender.request("GET", f"/v1/exchanges/{answer.exchange}:receipt", headers={"Chuanyu-Ack": "witnessed"})
        self.assertEqual(got.status, 200, got)
        kept.write_bytes(got.body)
        return kept

    def witnessed(self):
        self.witnesses.await_state("sc", lambda s: s["witnessed"] == s["signed"] > 0, "sc is witnessed")

    def rotate(self):
        """The whole way, with the receipts of before, of the overlap and of after."""
        receipts = [self.clue("before")]
        self.restart(self.sc, log_key=str(self.second_key), old_log_key=str(self.first_key))
        self.witnessed()  # nobody else has changed anything yet
        receipts.append(self.clue("overlap"))
        both = self.folder / "sc-log-both.pub"
        both.write_text(self.first.read_text() + self.second.read_text())
        self.network.cq.config["peers"][0]["log_key"] = str(both)
        self.restart(self.network.cq)
        newest = vkey("chuanyu.sc/test", self.second)
        policy = self.witnesses.policies["sc"]
        policy.write_text(f"log {newest}\n" + policy.read_text(encoding="utf-8"), encoding="utf-8")
        self.restart(self.sc, old_log_key="")
        # The auditors' witness has not heard of the new key, and says so.
        def audit_trouble(state):
            return any("403" in witness.get("trouble", "") for witness in state["witnesses"])
        self.witnesses.await_state("sc", audit_trouble, "a witness without the new key refuses")
        self.witnesses.audit.stop()
        self.witnesses.audit.logs.append(newest)
        self.witnesses.audit.start()
        self.witnessed()
        receipts.append(self.clue("after"))
        return receipts, policy, both

    def test_a_whole_rotation(self):
        receipts, policy, both = self.rotate()
        self.assertEqual(self.sc.stop(), 0)
        self.assertEqual(self.network.cq.stop(), 0)
        # Receipts of each time, with each key: the overlap's hold with either.
        for key, codes in ((self.first, (0, 0, 3)), (self.second, (3, 0, 0)), (self.wrong, (3, 3, 3)), (both, (0, 0, 0))):
            self.assertEqual(tuple(audit("receipt", kept, "--key", key).returncode for kept in receipts), codes, key)
        self.assertEqual([audit("receipt", kept, "--policy", policy).returncode for kept in receipts], [0, 0, 0])

        sc, cq = self.sc.data, self.network.cq.data
        # The first key leads to the newest, across both logs' receipts, too.
        done = audit("verify", "--both", sc, cq, "--key", self.first, "--key", self.cq_key)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("更换密钥", done.stdout)
        report = json.loads(audit("verify", sc, "--key", self.first, "--json").stdout)["logs"][0]
        self.assertEqual((len(report["rotations"]), report["unjudgedCheckpoints"], report["signedSize"]), (1, 0, report["size"]))
        rotation = report["rotations"][0]
        self.assertTrue(rotation["followed"])
        self.assertEqual((rotation["from"], rotation["to"]), (vkey("chuanyu.sc/test", self.first), vkey("chuanyu.sc/test", self.second)))
        self.assertTrue(rotation["time"].startswith("20"))
        # The newest alone: what was signed before it cannot be judged, and is not called wrong.
        done = audit("verify", "--both", sc, cq, "--key", self.second, "--key", self.cq_key, "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        whole = json.loads(done.stdout)
        report = whole["logs"][0]
        self.assertGreater(report["unjudgedCheckpoints"], 0)
        self.assertEqual(report["signedSize"], report["size"])
        self.assertFalse(report["rotations"][0]["followed"])
        self.assertTrue(any("更早的日志密钥" in line for line in whole["notChecked"]), whole["notChecked"])
        # A wrong one; both in a file; the policy's.
        self.assertEqual(audit("verify", sc, "--key", self.wrong).returncode, 3)
        for words in (("--key", both), ("--policy", policy)):
            report = json.loads(audit("verify", sc, *words, "--json").stdout)
            self.assertEqual((report["result"], report["logs"][0]["unjudgedCheckpoints"]), ("clean", 0), words)
        # An exported folder says the same, and a data folder is made of it under the newest key.
        out = self.folder / "export"
        done = audit("export", sc, out, "--with-keys", "--key", both)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(audit("verify", out, "--key", self.first).returncode, 0)

    def test_what_cannot_be_started(self):
        self.clue("before")
        # The old key is gone before any checkpoint carries both.
        self.refused("keys.old_log_key", log_key=str(self.second_key))
        self.refused("LOG_SIGNATURE", log_key=str(self.folder / "wrong.key"))
        # Neither of two is the one that signed.
        self.refused("LOG_SIGNATURE", log_key=str(self.second_key), old_log_key=str(self.folder / "wrong.key"))
        self.refused("CONFIG_VALUE", old_log_key=str(self.first_key))


def tearDownModule():
    record_codes("log_key")


if __name__ == "__main__":
    sys.exit(unittest.main())
