"""Lawful erasure: the content goes, the log stays whole, and what an auditor and an agency see of it."""
import json
import os
import shutil
import subprocess
import sys
import unittest
import uuid

from chuanyu_test import BIN, Network, message, purpose, record, record_codes, scratch

CASE = purpose("case-assist")
CLUE = purpose("clue-transfer")
WHY = {"basis": "《个人信息保护法》第四十七条", "approver": "四川省网信办"}


def audit(*words):
    return subprocess.run([str(BIN / "chuanyu-audit"), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL)


class Erasure(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup, "erasure")
        self.network = Network(self.folder)
        self.addCleanup(self.network.close)
        self.keys = self.network.pki.folder

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client

    def erase(self, *exchanges, who="sc-operator", **other):
        return self.client(who).post("/v1/erasures", {"exchanges": list(exchanges), **WHY, **other})

    def delivered_clue(self):
        sender = self.client("G03")
        answer = sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer"))
        self.assertEqual(answer.status, 202, answer)
        sender.await_status(answer.exchange, "delivered")
        return answer.exchange

    def stop_and_verify(self, gateway):
        self.assertEqual(gateway.stop(), 0)
        done = audit("verify", gateway.data, "--key", self.keys / gateway.name / "gateway" / f"{gateway.name}-log.pub")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_content_goes_and_the_log_stays_whole(self):
        own = record("CA0001")
        published = self.client("G02").publish(own)
        self.assertIn(published.status, (200, 201), published)
        exchange = published.exchange
        asked = self.client("G03").query("case", {"id": "CA0001"}, CASE)
        self.assertEqual(asked.json["count"], 1, asked)

        erased = self.erase(exchange)
        self.assertEqual((erased.status, erased.json["payloads"]), (200, 1), erased)
        # Nobody finds it any more, nor what led to it.
        self.assertEqual(self.client("G03").query("case", {"id": "CA0001"}, CASE).json["count"], 0)
        self.assertEqual(self.erase(exchange).code, "CLIENT_NOT_FOUND")  # nothing is left to erase
        # The same publication under its own key again: it is told by nothing now, and takes effect anew.
        again = self.client("G02").publish(own)
        self.assertEqual(again.status, 201, again)

        sc = self.network.sc
        kek = self.keys / "sc/gateway/sc-kek.key"
        self.stop_and_verify(sc)
        shown = audit("show", sc.data, "--exchange", exchange, "--kek", kek, "--reveal")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("LOCAL_PAYLOAD_ERASED", shown.stdout)
        said = audit("show", sc.data, "--exchange", erased.exchange)
        self.assertIn("erasure", said.stdout)
        self.assertIn(WHY["basis"], said.stdout)

    def kept_receipt(self, name, exchange):
        got = self.client(name).request("GET", f"/v1/exchanges/{exchange}:receipt", headers={"Chuanyu-Ack": "signed"})
        self.assertEqual(got.status, 200, got)
        kept = self.folder / "kept.tlog-proof"
        kept.write_bytes(got.body)
        return kept

    def test_the_auditor_is_told_which_entry_erased_it(self):
        exchange = self.delivered_clue()
        kept = self.kept_receipt("G03", exchange)
        erased = self.erase(exchange)
        self.assertEqual(erased.status, 200, erased)
        sc, index = self.network.sc, erased.json["receipt"]["index"]
        self.stop_and_verify(sc)
        key, kek = self.keys / "sc/gateway/sc-log.pub", self.keys / "sc/gateway/sc-kek.key"

        def told(erasure):
            self.assertEqual((erasure["index"], erasure["basis"], erasure["approver"]), (index, WHY["basis"], WHY["approver"]))
            self.assertTrue(erasure["time"].startswith("20"), erasure)
        report = json.loads(audit("verify", sc.data, "--key", key, "--json").stdout)["logs"][0]
        self.assertEqual((report["erased"], report["notYetErased"]), (1, 0))
        told(report["erasures"][0])
        own = json.loads(audit("show", sc.data, "--index", index, "--json").stdout)["entries"][0]["contentText"]
        self.assertRegex(own, "^approver " + WHY["approver"] + r"\nentries [0-9 ]+\nslots [0-9 ]+$")
        entries = json.loads(audit("show", sc.data, "--exchange", exchange, "--json").stdout)["entries"]
        told([entry["erasedBy"] for entry in entries if "erasedBy" in entry][0])
        done = audit("timeline", sc.data, "--exchange", exchange, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        told([step["erasedBy"] for step in json.loads(done.stdout)["steps"] if "erasedBy" in step][0])
        done = audit("rederive", sc.data, "--kek", kek, "--json")
        self.assertEqual(done.returncode, 7, done.stdout)
        told(json.loads(done.stdout)["erasures"][0])
        done = audit("receipt", kept, "--key", key, "--log", sc.data, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        told(json.loads(done.stdout)["erasedBy"])
        for words in (("verify", sc.data, "--key", key), ("show", sc.data, "--exchange", exchange), ("rederive", sc.data, "--kek", kek),
                      ("timeline", sc.data, "--exchange", exchange), ("receipt", kept, "--key", key, "--log", sc.data)):
            out = audit(*words).stdout
            self.assertIn(f"log#{index}（", out, words)
            self.assertIn(WHY["approver"], out, words)
        # Without its keys an export still says what was erased.
        out = self.folder / "export"
        self.assertEqual(audit("export", sc.data, out, "--key", key).returncode, 0)
        self.assertIn(f"log#{index}（", audit("show", out, "--exchange", exchange).stdout)
        self.assertEqual(audit("receipt", kept, "--key", key, "--log", self.network.cq.data).returncode, 2)

    def test_a_key_that_went_without_an_entry(self):
        """The keys of after an erasure beside the log of before it: a payload is gone, and nothing says why."""
        exchange = self.delivered_clue()
        kept = self.kept_receipt("G03", exchange)
        sc = self.network.sc
        self.assertEqual(sc.stop(), 0)
        before = self.folder / "before"
        shutil.copytree(sc.data, before)
        sc.start()
        self.assertEqual(self.erase(exchange).status, 200)
        self.assertEqual(sc.stop(), 0)
        shutil.copy(sc.data / "keys/data.mdb", before / "keys/data.mdb")
        key, kek = self.keys / "sc/gateway/sc-log.pub", self.keys / "sc/gateway/sc-kek.key"
        for words in (("verify", before, "--key", key), ("show", before, "--exchange", exchange), ("show", before, "--exchange", exchange,
                      "--kek", kek, "--reveal"), ("timeline", before, "--exchange", exchange), ("rederive", before, "--kek", kek),
                      ("receipt", kept, "--key", key, "--log", before)):
            done = audit(*words)
            self.assertEqual(done.returncode, 9, (words, done.stdout, done.stderr))
            self.assertIn("LOG_KEY_MISSING", done.stdout, words)

    def test_who_may_and_what_must_be_said(self):
        exchange = self.delivered_clue()
        self.assertEqual(self.erase(exchange, who="G03").code, "CLIENT_ROLE_FORBIDDEN")
        self.assertEqual(self.erase(exchange, who="sc-auditor").code, "CLIENT_ROLE_FORBIDDEN")
        self.assertEqual(self.erase(exchange, basis="").json["pointer"], "/basis")
        self.assertEqual(self.erase(exchange, approver="").json["pointer"], "/approver")
        self.assertEqual(self.erase(exchange, approver="甲\nentries 1").code, "CLIENT_FIELD_INVALID")
        self.assertEqual(self.erase().json["pointer"], "/exchanges")
        self.assertEqual(self.erase("x").json["pointer"], "/exchanges/0")
        self.assertEqual(self.erase(str(uuid.uuid4())).code, "CLIENT_NOT_FOUND")
        done = self.network.sc.cli("sc-operator", "erase", exchange, "--basis", "决定文号", "--approver", "负责人")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_is_under_way_stays(self):
        self.network.cq.stop()
        sender = self.client("G03")
        answer = sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer"))
        self.assertEqual(self.erase(answer.exchange).code, "CLIENT_STATE_CONFLICT")
        self.network.cq.start()
        sender.await_status(answer.exchange, "delivered")
        self.assertEqual(self.erase(answer.exchange).status, 200)

    def test_the_receiver_sees_that_it_is_gone(self):
        exchange = self.delivered_clue()
        self.assertEqual(self.erase(exchange, who="cq-operator").status, 200)
        item = [item for item in self.client("G07").inbox_all() if item["id"] == exchange][0]
        self.assertNotIn("message", item)
        self.assertTrue(item["erased"])

    def test_a_new_epoch_and_a_rebuilt_state(self):
        gone, kept = self.delivered_clue(), self.delivered_clue()
        self.assertEqual(self.erase(gone).status, 200)
        sc = self.network.sc
        self.assertEqual(sc.stop(), 0)
        new = self.folder / "kek-2"
        new.write_bytes(os.urandom(32))
        new.chmod(0o600)
        config = sc.folder / "config.json"

        def gateway(*words):
            return subprocess.run([str(BIN / "chuanyu-gateway"), "--config", str(config), *map(str, words)], capture_output=True,
                                  text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
        done = gateway("--rotate-kek", new)
        self.assertEqual(done.returncode, 0, done.stderr)
        refused = gateway("--rebuild-state")  # the old key opens nothing any more
        self.assertEqual(refused.returncode, 1, refused.stdout)
        self.assertIn("LOCAL_CRYPTO", refused.stderr)
        sc.config["keys"]["kek"] = str(new)
        sc.config["keys"]["kek_epoch"] = 2
        sc.start()
        self.assertEqual(self.client("G03").status(kept).json["status"], "delivered")
        self.stop_and_verify(sc)
        opened = json.loads(audit("show", sc.data, "--exchange", kept, "--kek", new, "--json").stdout)["entries"]
        self.assertTrue(all("ERASED" not in json.dumps(entry) for entry in opened))
        keys = [e for e in json.loads(audit("show", sc.data, "--last", 10, "--json").stdout)["entries"] if e["kind"] == "key"]
        self.assertTrue(keys, "the new epoch stands in the log")
        # A live state and one made from the log alone are the same, erasures and all.
        replayed = audit("replay", sc.data, "--kek", new)
        self.assertEqual(replayed.returncode, 7, replayed.stdout + replayed.stderr)  # nothing wrong, something erased
        self.assertIn("与现状相同", replayed.stdout)

    def test_a_crash_between_the_entry_and_the_keys(self):
        """The ERASURE entry is durable, the keys are not gone yet: the next start ends it. Made by putting keys/ back."""
        exchange = self.delivered_clue()
        sc = self.network.sc
        self.assertEqual(sc.stop(), 0)
        before = (sc.data / "keys/data.mdb").read_bytes()
        sc.start()
        self.assertEqual(self.erase(exchange).status, 200)
        self.assertEqual(sc.stop(), 0)
        after = (sc.data / "keys/data.mdb").read_bytes()
        self.assertNotEqual(before, after)
        (sc.data / "keys/data.mdb").write_bytes(before)
        kek = self.keys / "sc/gateway/sc-kek.key"
        self.assertNotIn("LOCAL_PAYLOAD_ERASED", audit("show", sc.data, "--exchange", exchange, "--kek", kek).stdout)
        sc.start()
        self.assertEqual(sc.stop(), 0)
        self.assertIn("LOCAL_PAYLOAD_ERASED", audit("show", sc.data, "--exchange", exchange, "--kek", kek).stdout)


def tearDownModule():
    record_codes("erasure")


if __name__ == "__main__":
    sys.exit(unittest.main())
