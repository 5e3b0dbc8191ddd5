"""Shards of the log, and recovery: closed while running, at rest, half way through; a backup that goes on in a new shard; and
what an auditor makes of all that."""
import json
import shutil
import signal
import subprocess
import sys
import unittest

from chuanyu_test import BIN, Network, Witnesses, message, purpose, record, record_codes, scratch, until

CLUE = purpose("clue-transfer")
CASE = purpose("case-assist")
CLEAN, TAMPERED, INCOMPLETE = 0, 3, 4


def run(program, *words):
    return subprocess.run([str(BIN / program), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL)


class Shards(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup, "shard")
        self.network = Network(self.folder, started=False)
        self.addCleanup(self.network.close)
        self.witnesses = Witnesses(self.network, self.folder, entangle_seconds=1)
        self.addCleanup(self.witnesses.close)
        self.network.start()
        self.sc, self.cq = self.network.sc, self.network.cq
        self.sender, self.receiver = self.network.client("G03"), self.network.client("G07")

    def gateway(self, *words):
        """chuanyu-gateway with the configuration of sc."""
        return run("chuanyu-gateway", "--config", self.sc.folder / "config.json", *words)

    def audit(self, code, *words):
        done = run("chuanyu-audit", *words)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def json(self, code, *words):
        return json.loads(self.audit(code, *words, "--json"))

    def policies(self):
        return [word for name in ("sc", "cq") for word in ("--policy", self.witnesses.policies[name])]

    def verify(self, code, *words, sc=None):
        return self.json(code, "verify", "--both", sc or self.sc.data, self.cq.data, *self.policies(), *words)

    def findings(self, verification):
        return [f for log in verification["logs"] + verification["pairs"] for f in log["findings"]]

    def clue(self):
        return self.sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer"))

    def delivered(self):
        """A clue that is there and receipted; its exchange."""
        key = f"k{self.id()}{self.clues}"
        self.clues += 1
        answer = self.sender.persist(lambda: self.sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, key,
                                                              message=message("clue-transfer")))
        self.assertEqual(answer.status, 202, answer)
        self.receiver.await_item(answer.exchange)
        self.sender.await_status(answer.exchange, "delivered")
        return answer.exchange

    clues = 0

    def witnessed(self, name="sc"):
        return self.witnesses.await_state(name, lambda s: s["witnessed"] == s["signed"] > 0, f"{name} is witnessed")

    def receipt(self, exchange, path):
        def fetch():
            answer = self.sender.request("GET", f"/v1/exchanges/{exchange}:receipt", headers={"Chuanyu-Ack": "witnessed"})
            return answer if answer.status == 200 else None
        path.write_bytes(until(fetch, "a witnessed receipt").body)
        return path

    def next_shard(self, count=1):
        until(lambda: len(self.sc.events("journal.shard_opened")) >= count, "the next shard is open")
        until(self.ready, "ready again")

    def ready(self):
        try:
            return self.sc.admin("/readyz")[0] == 200
        except OSError:
            return False

    def stop(self):
        self.witnessed("sc")
        self.witnessed("cq")
        self.assertEqual((self.sc.stop(), self.cq.stop()), (0, 0))

    def test_closed_while_running_and_at_rest(self):
        own = record("CA0001")
        self.assertEqual(self.network.client("G02").publish(own).status, 201)
        first = self.delivered()
        before = self.receipt(first, self.folder / "first.tlog-proof")
        self.sc.process.send_signal(signal.SIGUSR1)
        self.next_shard()
        second = self.delivered()
        after = self.receipt(second, self.folder / "second.tlog-proof")
        again = self.receipt(first, self.folder / "again.tlog-proof")  # out of the shard that is closed
        answer = self.network.client("G07").query("case", {"id": own.id}, CASE, gateway="sc", waitSeconds=20)
        self.assertEqual(answer.status, 200, answer)

        # At rest: one step at a time.
        self.witnessed()
        self.sc.stop()
        closed = self.gateway("--close-shard")
        self.assertEqual(closed.returncode, 0, closed.stderr)
        twice = self.gateway("--close-shard")
        self.assertEqual(twice.returncode, 1)
        self.assertIn("LOCAL_SHARD_CLOSED", twice.stderr)
        self.sc.start()
        self.next_shard(2)
        third = self.delivered()
        self.stop()

        for path in (before, after, again):
            self.audit(CLEAN, "receipt", path, "--policy", self.witnesses.policies["sc"])
        names = sorted(path.name for path in (self.sc.data / "shards").iterdir())
        self.assertEqual(len(names), 2)
        logs = self.verify(CLEAN)["logs"]
        self.assertEqual([log["origin"] for log in logs],
                         ["chuanyu.sc/test", *(f"chuanyu.sc/test/{name}" for name in names), "chuanyu.cq/test"])
        self.assertEqual([log["base"] for log in logs[:3]], [0, logs[0]["size"], logs[0]["size"] + logs[1]["size"]])
        self.assertEqual([log["kinds"].get("shard_close", 0) for log in logs[:3]], [1, 1, 0])
        self.over_all_shards(first, second, third)
        self.exported(names)
        self.missing(names)

    def over_all_shards(self, *exchanges):
        kek = self.network.pki.folder / "sc/gateway/sc-kek.key"
        for exchange in exchanges:
            self.assertIn("clue-transfer", self.audit(CLEAN, "show", self.sc.data, "--exchange", exchange))
            self.audit(CLEAN, "timeline", self.sc.data, self.cq.data, "--exchange", exchange)
        replayed = self.json(CLEAN, "replay", self.sc.data, "--kek", kek)
        self.assertTrue(replayed["sameAsLive"], replayed)
        self.audit(CLEAN, "rederive", self.sc.data, "--kek", kek)

    def exported(self, names):
        copy = self.folder / "copy"
        key = self.network.pki.folder / "sc/gateway/sc-log.pub"
        self.audit(CLEAN, "export", self.sc.data, copy, "--with-keys", "--key", key)
        self.assertEqual(self.json(CLEAN, "export", self.sc.data, copy, "--with-keys", "--key", key)["files"], 0)
        for name in names:
            self.assertTrue((copy / "shards" / name / "checkpoint").exists())
        self.verify(CLEAN, sc=copy)
        shutil.move(self.sc.data, self.folder / "lost")
        restored = self.gateway("--restore", copy)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.verify(CLEAN)
        self.sc.start()
        self.assertEqual(self.clue().status, 202)  # it is not behind
        self.sc.stop()

    def missing(self, names):
        for name, told in ((names[0], f"chuanyu.sc/test/{names[0]}"), (None, "chuanyu.sc/test")):
            part = self.folder / f"part-{name}"
            shutil.copytree(self.folder / "lost", part)
            shutil.rmtree(part / "shards" / name if name else part / "log")
            found = self.findings(self.verify(INCOMPLETE, sc=part))
            self.assertTrue(any(f["code"] == "LOG_INCOMPLETE" and f["detail"].endswith(told) for f in found), found)

    def test_a_quarter_that_is_over_ends_its_shard(self):
        for gateway in (self.sc, self.cq):
            self.assertEqual(gateway.stop(), 0)
        shutil.rmtree(self.sc.data)
        self.witnesses.policies["sc"].write_text("quorum none\n", encoding="utf-8")  # it was nobody's business then
        self.sc.years_ago(1)
        self.sc.start()
        self.assertEqual(self.network.client("G02").publish(record("CA0001")).status, 201)
        self.assertEqual(self.sc.stop(), 0)
        self.sc.years_ago(0)
        self.sc.config["log"] = {"shard": "never"}
        self.sc.start()
        self.assertEqual(self.network.client("G02").publish(record("CA0001")).status, 200)
        self.assertEqual(self.sc.stop(), 0)
        self.assertFalse((self.sc.data / "shards").exists())
        del self.sc.config["log"]
        self.sc.start()
        self.next_shard()
        self.assertEqual(self.sc.stop(), 0)
        self.assertEqual(len(list((self.sc.data / "shards").iterdir())), 1)
        self.audit(CLEAN, "verify", self.sc.data, "--key", self.network.pki.folder / "sc/gateway/sc-log.pub")

    def test_killed_before_the_next_is_open(self):
        early = self.delivered()
        self.witnessed()
        self.witnesses.audit.stop()  # so that it stays closed
        self.sc.process.send_signal(signal.SIGUSR1)
        refused = until(lambda: (lambda a: a if a.status == 503 else None)(self.clue()), "nothing more is taken")
        self.assertEqual(refused.code, "LOCAL_SHARD_CLOSED", refused)
        self.assertEqual(self.sender.inbox().status, 200)  # reading goes on
        self.sc.kill()
        self.sc.start()
        self.assertEqual(self.clue().code, "LOCAL_SHARD_CLOSED")
        self.witnesses.audit.start()
        self.next_shard()
        self.delivered()
        # What an older shard holds is erased from here, and accounted for there.
        erased = self.network.client("sc-operator").post("/v1/erasures", {"exchanges": [early], "basis": "决定", "approver": "负责人"})
        self.assertEqual(erased.status, 200, erased)
        self.stop()
        logs = self.verify(CLEAN)["logs"]
        self.assertEqual([(log["erased"], log["notYetErased"], len(log["erasures"])) for log in logs[:2]], [(1, 0, 0), (0, 0, 1)])

    def test_a_restored_backup_goes_on_in_a_new_shard(self):
        self.delivered()
        self.witnessed()
        self.cq.stop()
        waiting = self.clue().exchange  # in the outbox of the backup, delivered before it comes back
        self.sc.stop()
        backup = self.folder / "backup"
        shutil.copytree(self.sc.data, backup)
        self.network.start()
        self.receiver.await_item(waiting)
        lost = self.delivered()
        self.witnessed()
        self.assertEqual(self.gateway("--recover", "--approver", "局长", "--reason", "试验").returncode, 1)  # it is running
        self.sc.stop()
        needless = self.gateway("--recover", "--approver", "局长", "--reason", "试验")
        self.assertEqual(needless.returncode, 2)
        self.assertIn("不需要恢复", needless.stderr)

        shutil.rmtree(self.sc.data)
        shutil.copytree(backup, self.sc.data)
        self.sc.start()
        self.assertEqual(self.clue().code, "LOCAL_LOG_BEHIND")
        note = next(log for log in self.witnesses.state("cq")["witnessing"]["logs"] if log["origin"] == "chuanyu.sc/test")
        self.sc.stop()
        (self.folder / "note").write_text(note["checkpoint"], encoding="utf-8")
        self.assertEqual(self.gateway("--recover").returncode, 2)
        done = self.gateway("--recover", "--approver", "局长", "--reason", "磁盘损坏", "--witness-note", self.folder / "note")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.sc.start()
        after = [self.delivered() for _ in range(3)]
        self.receipt(after[0], self.folder / "after.tlog-proof")
        self.assertEqual(self.network.client("G02").publish(record("CA0001")).status, 201)
        until(lambda: self.sc.metric("chuanyu_log_unwitnessed_entries") == 0, "the new shard is witnessed")
        self.sender.await_status(waiting, "delivered")
        items = [item["id"] for item in self.receiver.inbox_all()]
        self.assertEqual(sorted(items), sorted(set(items)))
        self.assertTrue({waiting, lost, *after} <= set(items))
        self.stop()

        self.audit(CLEAN, "receipt", self.folder / "after.tlog-proof", "--policy", self.witnesses.policies["sc"])
        verification = self.verify(INCOMPLETE)
        found = self.findings(verification)
        self.assertEqual({f["code"] for f in found}, {"LOG_RECOVERED"}, found)
        told = next(f["detail"] for f in found if "批准人" in f["detail"])
        for word in ("局长", "磁盘损坏", str(note["size"])):
            self.assertIn(word, told)
        self.assertEqual(verification["logs"][1]["recovery"]["approver"], "局长")
        # Once an auditor has looked into it, what comes later is not hidden behind it.
        self.verify(CLEAN, "--known-recoveries", "1")
        # Taken twice it would stand twice in the other province's log.
        shown = self.json(CLEAN, "show", self.cq.data, "--exchange", waiting)
        self.assertEqual([e["kind"] for e in shown["entries"]].count("received"), 1)

    def test_a_recovery_that_was_given_up_is_not_forgotten(self):
        """The same backup is restored twice: what stood behind the first recovery is in no folder, but the other province saw it."""
        self.delivered()
        self.witnessed()
        self.sc.stop()
        backup = self.folder / "backup"
        shutil.copytree(self.sc.data, backup)
        self.sc.start()
        self.delivered()
        self.witnessed()
        given_up = None
        for reason in ("磁盘损坏", "又坏了"):
            self.sc.stop()
            shutil.rmtree(self.sc.data)
            shutil.copytree(backup, self.sc.data)
            done = self.gateway("--recover", "--approver", "局长", "--reason", reason)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.sc.start()
            self.delivered()
            self.witnessed()
            given_up = given_up or [shard.name for shard in (self.sc.data / "shards").iterdir()][0]
            until(lambda: f"chuanyu.sc/test/{given_up}" in self.quoted(), "the other log quotes the shard")
        self.stop()
        self.assertNotIn(given_up, [shard.name for shard in (self.sc.data / "shards").iterdir()])
        found = self.findings(self.verify(INCOMPLETE))
        told = [f["detail"] for f in found if f["code"] == "LOG_RECOVERED"]
        self.assertTrue(any(f"chuanyu.sc/test/{given_up} 的前" in words and "没有这一分卷" in words for words in told), found)

    def test_a_restored_gateway_remembers_what_it_cosigned(self):
        """A backup has no witness/: what Chongqing cosigned of Sichuan's log stands in its own."""
        self.delivered()
        self.witnessed()
        until(lambda: "chuanyu.sc/test" in self.quoted(), "the other log quotes the log")
        seen = next(log for log in self.witnesses.state("cq")["witnessing"]["logs"] if log["origin"] == "chuanyu.sc/test")
        self.stop()
        exported = self.folder / "cq-export"
        self.json(CLEAN, "export", self.cq.data, exported, "--with-keys", "--key", self.network.pki.folder / "cq/gateway/cq-log.pub")
        shutil.rmtree(self.cq.data)
        done = subprocess.run([str(BIN / "chuanyu-gateway"), "--config", str(self.cq.folder / "config.json"), "--restore", str(exported)],
                              capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = self.json(CLEAN, "witness", self.cq.data / "witness", "--show")
        [log] = [one for one in shown["logs"] if one["origin"] == "chuanyu.sc/test"]
        self.assertTrue(0 < log["size"] <= seen["size"], (log, seen))
        self.assertIn("cq.witness", log["checkpoint"])

    def quoted(self):
        """The names of the logs of which Chongqing's quotes checkpoints."""
        entries = self.json(CLEAN, "show", self.cq.data, "--last", "40")["entries"]
        return {entry["what"] for entry in entries if entry["kind"] == "peer_checkpoint"}

    def test_a_backup_of_a_closed_shard_is_behind_too(self):
        """It has all that its shard ever had; only the witnesses know that there was another."""
        self.delivered()
        self.witnessed()
        self.sc.stop()
        self.assertEqual(self.gateway("--close-shard").returncode, 0)
        backup = self.folder / "backup"
        shutil.copytree(self.sc.data, backup)
        self.sc.start()
        self.next_shard()
        lost = self.delivered()
        self.witnessed()
        self.sc.stop()
        shutil.rmtree(self.sc.data)
        shutil.copytree(backup, self.sc.data)
        self.sc.start()
        until(lambda: self.clue().code == "LOCAL_LOG_BEHIND", "it is found behind")
        self.sc.stop()
        self.assertEqual(self.gateway("--recover", "--approver", "局长", "--reason", "磁盘损坏").returncode, 0)
        self.sc.start()
        after = self.delivered()
        items = [item["id"] for item in self.receiver.inbox_all()]
        self.assertEqual(sorted(items), sorted(set(items)))
        self.assertTrue({lost, after} <= set(items))
        self.stop()
        self.assertEqual({f["code"] for f in self.findings(self.verify(INCOMPLETE))}, {"LOG_RECOVERED"})


def tearDownModule():
    record_codes("shard")


if __name__ == "__main__":
    sys.exit(unittest.main())
