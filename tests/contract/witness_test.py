"""Witnesses, acknowledgement levels and receipts: two gateways and the auditors' process, and what somebody else's program
makes of their signatures (hashlib and the openssl command, nothing of ours)."""
import base64
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from chuanyu_test import BIN, Network, Witnesses, message, purpose, record_codes, scratch, until, vkey

CLUE = purpose("clue-transfer")


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaf, index, size, proof):
    """RFC 9162 2.1.3.2, written from the standard."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        assert sn != 0, "proof too long"
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    assert sn == 0, "proof too short"
    return r


class Receipt:
    """A C2SP tlog-proof, read as the specification says."""

    def __init__(self, text):
        head, rest = text.split("\n\n", 1)
        lines = head.split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1", lines[0]
        self.entry = base64.b64decode(lines[1].removeprefix("extra "), validate=True)
        self.index = int(lines[2].removeprefix("index "))
        self.proof = [base64.b64decode(line, validate=True) for line in lines[3:]]
        body, signatures = rest.split("\n\n")
        self.body = body + "\n"
        self.origin, size, root = body.split("\n")[:3]
        self.size, self.root = int(size), base64.b64decode(root, validate=True)
        self.signatures = [line.removeprefix("\u2014 ").split(" ") for line in signatures.strip("\n").split("\n")]

    def holds(self):
        return root_of(leaf_hash(self.entry), self.index, self.size, self.proof) == self.root


def openssl_verifies(public_key, signed, signature):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "m").write_bytes(signed)
        (pathlib.Path(folder) / "s").write_bytes(signature)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public_key), "-rawin", "-in", folder + "/m",
                               "-sigfile", folder + "/s"], capture_output=True, check=False, timeout=30)
        return done.returncode == 0


def audit(*words):
    return subprocess.run([str(BIN / "chuanyu-audit"), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL)


class Witnessed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "witness")
        cls.folder = folder
        cls.network = Network(folder, started=False)
        cls.addClassCleanup(cls.network.close)
        cls.witnesses = Witnesses(cls.network, folder, entangle_seconds=1)
        cls.addClassCleanup(cls.witnesses.close)
        cls.network.start()

    def clue(self, **headers):
        client = self.network.client("G03")
        self.addCleanup(client.close)
        body = {"to": self.network.uscc("G07"), "type": "clue-transfer", "message": message("clue-transfer"), "purpose": CLUE}
        answer = client.post("/v1/exchanges", body, **headers)
        self.assertEqual(answer.status, 202, answer)
        return answer

    def test_levels(self):
        self.assertEqual(self.clue().json["receipt"]["level"], "durable")
        self.assertNotIn("proof", self.clue().json["receipt"])
        signed = self.clue(**{"Chuanyu-Ack": "signed"}).json["receipt"]
        self.assertEqual(signed["level"], "signed")
        self.assertTrue(Receipt(signed["proof"]).holds())
        witnessed = self.clue(**{"Chuanyu-Ack": "witnessed"}).json["receipt"]
        self.assertEqual(witnessed["level"], "witnessed")
        proof = Receipt(witnessed["proof"])
        self.assertTrue(proof.holds())
        self.assertEqual(proof.index, witnessed["index"])
        self.assertEqual(leaf_hash(proof.entry).hex(), witnessed["leaf"])

    def test_another_word_is_refused(self):
        client = self.network.client("G03")
        self.addCleanup(client.close)
        answer = client.post("/v1/exchanges", {}, **{"Chuanyu-Ack": "carved-in-stone"})
        self.assertEqual((answer.status, answer.code, answer.json["pointer"]), (422, "CLIENT_FIELD_INVALID", "Chuanyu-Ack"))

    def test_every_signature_is_good_for_openssl(self):
        proof = Receipt(self.clue(**{"Chuanyu-Ack": "witnessed"}).json["receipt"]["proof"])
        keys = self.network.pki.folder
        by_name = {name: base64.b64decode(text, validate=True) for name, text in proof.signatures}
        self.assertEqual(set(by_name), {"chuanyu.sc/test", "cq.witness", "audit.witness"})
        self.assertTrue(openssl_verifies(keys / "sc/gateway/sc-log.pub", proof.body.encode(), by_name["chuanyu.sc/test"][4:]))
        for name, key in (("cq.witness", keys / "cq/gateway/cq-witness.pub"), ("audit.witness", keys / "sc/witness/audit-witness-log.pub")):
            seconds = int.from_bytes(by_name[name][4:12], "big")
            self.assertTrue(openssl_verifies(key, f"cosignature/v1\ntime {seconds}\n{proof.body}".encode(), by_name[name][12:]), name)

    def test_a_receipt_is_verified_without_the_log(self):
        answer = self.clue(**{"Chuanyu-Ack": "witnessed"})
        file = self.folder / "kept.tlog-proof"
        client = self.network.client("G03")
        self.addCleanup(client.close)
        fetched = client.request("GET", f"/v1/exchanges/{answer.exchange}:receipt", headers={"Chuanyu-Ack": "witnessed"})
        self.assertEqual(fetched.status, 200, fetched)
        file.write_bytes(fetched.body)
        policy = self.witnesses.policies["sc"]
        done = audit("receipt", file, "--policy", policy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(answer.exchange, done.stdout)
        report = json.loads(audit("receipt", file, "--policy", policy, "--json").stdout)
        self.assertEqual((report["result"], report["kind"], len(report["witnesses"])), ("clean", "accepted", 2))
        self.assertEqual(audit("receipt", file, "--key", self.network.pki.folder / "sc/gateway/sc-log.pub").returncode, 0)
        # The other province's policy does not know this log.
        self.assertEqual(audit("receipt", file, "--policy", self.witnesses.policies["cq"]).returncode, 2)
        # Without the auditors' cosignature it is signed, but not by a quorum.
        text = fetched.body.decode()
        short = self.folder / "short.tlog-proof"
        short.write_text("".join(line for line in text.splitlines(True) if "audit.witness" not in line), encoding="utf-8")
        done = audit("receipt", short, "--policy", policy)
        self.assertEqual(done.returncode, 4)
        self.assertIn("LOG_UNWITNESSED", done.stderr)
        changed = self.folder / "changed.tlog-proof"
        changed.write_text(text.replace(f"index {Receipt(text).index}", f"index {Receipt(text).index - 1}"), encoding="utf-8")
        done = audit("receipt", changed, "--policy", policy)
        self.assertEqual(done.returncode, 3)
        self.assertIn("LOG_TAMPERED", done.stderr)

    def test_the_command_line_gets_receipts(self):
        exchange = self.clue().exchange
        file = self.folder / "cli.tlog-proof"
        done = self.network.sc.cli("G03", "--level", "witnessed", "receipt", exchange, "-o", str(file))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(Receipt(file.read_text(encoding="utf-8")).holds())
        # Who has no part in it sees nothing.
        self.assertNotEqual(self.network.sc.cli("G13", "receipt", exchange).returncode, 0)

    def test_each_writes_down_what_it_witnessed(self):
        self.clue()
        cq = self.network.cq
        until(lambda: '"kind": "peer_checkpoint"' in audit("show", cq.data, "--last", 50, "--json").stdout, "a peer checkpoint in cq")
        shown = json.loads(audit("show", cq.data, "--last", 50, "--json").stdout)["entries"]
        self.assertTrue(any(entry["kind"] == "peer_checkpoint" and entry["what"] == "chuanyu.sc/test" for entry in shown))

    def test_only_gateways_and_auditors_may_ask(self):
        client = self.network.client("G03")
        self.addCleanup(client.close)
        answer = client.request("POST", "/witness/v1/add-checkpoint", b"old 0\n\n")
        self.assertEqual((answer.status, answer.code), (403, "CLIENT_ROLE_FORBIDDEN"))
        auditor = self.network.client("sc-auditor")
        self.addCleanup(auditor.close)
        self.assertEqual(auditor.request("POST", "/witness/v1/add-checkpoint", b"old 0\n\n").status, 400)

    def test_what_does_not_fit_is_wrong_use(self):
        """A verdict that looked at something else than was meant would be worse than none."""
        sc, cq = self.network.sc.data, self.network.cq.data
        for words in (("verify", sc, "--policy", self.witnesses.policies["cq"]), ("verify", sc, sc),
                      ("verify", sc, cq, "--policy", self.folder / "none.policy"), ("witness", self.folder / "nowhere", "--show"),
                      ("rederive", sc, "--from", 100_000)):
            done = audit(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), (words, done.stderr))
        self.assertFalse((self.folder / "nowhere").exists())

    def test_a_copy_that_cannot_be_read_is_no_wrong_policy(self):
        words = ["verify", "--both"]
        for name in ("sc", "cq"):
            copy = self.folder / f"copy-{name}"
            self.assertEqual(audit("export", getattr(self.network, name).data, copy, "--key",
                                   self.network.pki.folder / f"{name}/gateway/{name}-log.pub").returncode, 0)
            words += [copy, "--policy", self.witnesses.policies[name]]
        (self.folder / "copy-sc/checkpoint").unlink()
        done = audit(*words)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("没有检查点", done.stdout)

    def test_verify_counts_the_quorum(self):
        self.clue(**{"Chuanyu-Ack": "witnessed"})
        done = audit("verify", self.network.sc.data, "--policy", self.witnesses.policies["sc"], "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads(done.stdout)["logs"][0]
        self.assertGreater(report["witnessedSize"], 0)
        alone = self.folder / "alone.policy"
        text = self.witnesses.policies["sc"].read_text(encoding="utf-8")
        # A policy that asks for a witness who never was there.
        stranger = vkey("nobody.witness", self.network.pki.folder / "cq/gateway/cq-log.pub", "--witness")
        alone.write_text(text.replace("group both all peer audit\nquorum both\n", f"witness x {stranger}\nquorum x\n"), encoding="utf-8")
        done = audit("verify", self.network.sc.data, "--policy", alone)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertIn("LOG_UNWITNESSED", done.stdout)


class Trouble(unittest.TestCase):
    """Each with a network of its own: what it does to a witness or a log is not undone."""

    def setUp(self):
        self.folder = scratch(self.addCleanup, "witness-trouble")
        self.network = Network(self.folder, started=False)
        self.addCleanup(self.network.close)

    def witnessed(self, **more):
        self.witnesses = Witnesses(self.network, self.folder, **more)
        self.addCleanup(self.witnesses.close)
        self.network.start()
        return self.witnesses

    def clue(self):
        client = self.network.client("G03")
        self.addCleanup(client.close)
        return client.push(self.network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer"))

    def test_a_restored_backup_takes_nothing(self):
        self.witnessed()
        self.assertEqual(self.clue().status, 202)
        sc = self.network.sc
        self.witnesses.await_state("sc", lambda s: s["witnessed"] == s["signed"] > 0, "sc is witnessed")
        sc.stop()
        backup = self.folder / "backup"
        shutil.copytree(sc.data, backup)
        sc.start()
        for _ in range(3):
            self.assertEqual(self.clue().status, 202)
        self.witnesses.await_state("sc", lambda s: s["witnessed"] == s["signed"] > 0, "sc is witnessed further")
        sc.stop()
        shutil.rmtree(sc.data)
        shutil.copytree(backup, sc.data)
        sc.start()
        refused = self.clue()
        self.assertEqual((refused.status, refused.code), (503, "LOCAL_LOG_BEHIND"), refused)
        state = self.witnesses.state("sc")
        self.assertEqual(state["held"], "LOCAL_LOG_BEHIND")
        self.assertTrue(all("已见到本卷" in witness["trouble"] for witness in state["witnesses"]), state)
        # Reading goes on.
        self.assertEqual(self.network.client("G03").inbox().status, 200)

    def test_a_witness_away_stops_nothing_at_first(self):
        self.witnessed()
        self.assertEqual(self.clue().status, 202)
        self.witnesses.await_state("sc", lambda s: s["witnessed"] == s["signed"] > 0, "sc is witnessed")
        self.witnesses.audit.stop()
        answer = self.clue()  # goes on
        self.assertEqual(answer.status, 202)
        state = self.witnesses.await_state("sc", lambda s: any(w.get("trouble") for w in s["witnesses"]), "the witness is missed")
        self.assertNotIn("held", state)
        self.assertGreater(self.network.sc.metric("chuanyu_log_unwitnessed_entries"), 0)
        self.witnesses.audit.start()
        self.witnesses.await_state("sc", lambda s: s["witnessed"] == s["signed"], "the witness is back")

    def test_after_the_grace_period_nothing_new_is_taken(self):
        self.witnessed(grace_seconds=1)
        # The second may be over before the other gateway is up.
        first = until(lambda: (lambda a: a if a.status == 202 else None)(self.clue()), "a quorum is there")
        self.witnesses.await_state("sc", lambda s: s["witnessed"] == s["signed"] > 0, "sc is witnessed")
        self.witnesses.audit.stop()
        self.clue()  # something to be witnessed
        self.witnesses.await_state("sc", lambda s: s.get("held") == "LOCAL_LOG_UNWITNESSED", "the grace period has ended")
        refused = self.clue()
        self.assertEqual((refused.status, refused.code), (503, "LOCAL_LOG_UNWITNESSED"), refused)
        status, ready = self.network.sc.admin("/readyz")
        self.assertEqual((status, [check["name"] for check in json.loads(ready)["checks"] if not check["ok"]]), (503, ["intake"]), ready)
        # What was begun can be ended: the other province's receipts are still taken, an agency still acknowledges.
        self.network.client("G03").await_status(first.exchange, "delivered")
        self.witnesses.audit.start()
        self.witnesses.await_state("sc", lambda s: "held" not in s, "the witness is back")
        self.assertEqual(self.clue().status, 202)

    def test_two_stories_are_kept(self):
        """The log's key in other hands signs another history: the witnesses refuse and keep both."""
        self.witnessed(quorum="group any 1 peer audit\nquorum any\n")
        self.assertEqual(self.clue().status, 202)
        sc = self.network.sc
        self.witnesses.await_state("sc", lambda s: all(w["size"] == s["signed"] > 0 for w in s["witnesses"]), "both have seen sc")
        size = self.witnesses.state("sc")["witnessed"]
        sc.stop()
        shutil.rmtree(sc.data)  # a new log under the same name and key, until it is as long
        sc.config["witness"]["policy"] = ""
        sc.start()
        # Its own entries and a few clues make it longer than the first one was.
        while self.witnesses.state("sc")["signed"] < size + 1:
            self.assertEqual(self.clue().status, 202)
        sc.stop()
        sc.config["witness"]["policy"] = str(self.witnesses.policies["sc"])
        sc.start()
        refused = self.clue()
        self.assertEqual((refused.status, refused.code), (503, "LOCAL_LOG_BEHIND"), refused)
        evidence = self.witnesses.state("cq")["witnessing"]["evidence"]
        self.assertEqual(len(evidence), 1)
        self.assertEqual(evidence[0]["origin"], "chuanyu.sc/test")
        book = audit("witness", self.witnesses.audit.folder / "book", "--show", "--json")  # beside the witness
        self.assertEqual(book.returncode, 3, book.stderr)
        self.assertEqual(len(json.loads(book.stdout)["evidence"]), 1)

    def test_a_single_dispute_is_reported_not_believed(self):
        """The auditors' witness remembers a longer log (it lies, or it is another's book); the other province confirms ours."""
        self.witnessed(quorum="group any 1 peer audit\nquorum any\n")
        self.assertEqual(self.clue().status, 202)
        self.witnesses.await_state("sc", lambda s: s["witnessed"] == s["signed"] > 0, "sc is witnessed")
        sc = self.network.sc
        # What it has to say against us: a checkpoint of ours that never was in our log, signed with our key.
        log_key = self.network.pki.folder / "sc/gateway/sc-log.key"
        sc.stop()  # or it would ask the emptied book first
        self.forge(log_key, "chuanyu.sc/test", 100_000)
        sc.start()
        self.assertEqual(self.clue().status, 202)
        state = self.witnesses.await_state("sc", lambda s: any("100000" in w.get("trouble", "") for w in s["witnesses"]), "a dispute")
        self.assertNotIn("held", state)
        self.assertEqual(self.clue().status, 202)
        self.assertGreater(sc.metric("chuanyu_witness_disputes_total"), 0)

    def forge(self, key, origin, size):
        """Has the auditors' witness cosign a checkpoint of `size` that is nobody's: as the log's key in other hands could."""
        self.witnesses.audit.stop()
        shutil.rmtree(self.witnesses.audit.folder / "book")
        self.witnesses.audit.start()
        body = f"{origin}\n{size}\n{base64.b64encode(bytes(32)).decode()}\n"
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "m").write_bytes(body.encode())
            signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", str(key), "-rawin", "-in", folder + "/m"],
                                       capture_output=True, check=True, timeout=30).stdout
        raw = subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER"], capture_output=True, check=True,
                             timeout=30).stdout[-32:]
        key_id = hashlib.sha256(origin.encode() + b"\n\x01" + raw).digest()[:4]
        note = f"{body}\n\u2014 {origin} {base64.b64encode(key_id + signature).decode()}\n"
        auditor = self.network.client("sc-gw", self.witnesses.audit)
        self.addCleanup(auditor.close)
        answer = auditor.request("POST", "/add-checkpoint", f"old 0\n\n{note}".encode())
        self.assertEqual(answer.status, 200, answer)


def tearDownModule():
    record_codes("witness")


if __name__ == "__main__":
    sys.exit(unittest.main())
