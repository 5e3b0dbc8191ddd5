"""The auditor's program on two real logs: export, verify, rederive, replay, timeline; a gateway restored from its export."""
import json
import shutil
import subprocess
import sys
import unittest

from chuanyu_test import BIN, MATTER, Network, Steady, message, purpose, record, record_codes, records, scratch, until

CASE = purpose("case-assist")
CLUE = purpose("clue-transfer")
CLEAN, USAGE, TAMPERED, INCOMPLETE, UNACCOUNTED, DIFFERENT = 0, 2, 3, 4, 9, 8


def traffic(network, clients):
    """Of every kind that a log can hold; the exchanges that tests ask for by name."""
    def client(name):
        if name not in clients:
            clients[name] = network.client(name)
        return clients[name]
    for own in records():
        assert client(own.agency).publish(own, why=purpose("publish", "发布")).status == 201, own.id
    own = record("CA0001")
    assert client("G02").put("case", own.id, own.native.replace(b"\xd2\xd1\xbd\xe1\xb0\xb8", b"?"), own.media).status == 422
    assert client("G02").import_("case", own.native, own.media).status == 200
    why = {kind: purpose(matter, "核验" if kind == "licence" else "") for kind, matter in MATTER.items()}
    for name in ("G02", "G07"):
        for kind, id in (("case", "CA0001"), ("case", "CA0006"), ("credit", "CR0001"), ("licence", records("licence")[0].id)):
            for gateway in ("sc", "cq"):
                answer = client(name).query(kind, {"id": id}, why[kind], gateway=gateway, waitSeconds=20)
                assert answer.status == 200, answer
    assert client("G13").query("case", {"id": "CA0001"}, why["case"]).code == "CLIENT_POLICY_DENIED"

    # An edit comes home: read onto what was delivered (get_edited), written into the source's own bytes (put).
    sichuan, chongqing = client("G02"), client("G07")
    sent = sichuan.push_native(network.uscc("G07"), "case", own.native, own.media, CASE).exchange
    edited = chongqing.await_item(sent)["record"]
    edited.update(case_status="92", close_date="20250601")
    back = chongqing.push(network.uscc("G02"), "record", CASE, kind="case", record=edited, inReplyTo=sent).exchange
    sichuan.await_item(back)
    local = sichuan.push_native(network.uscc("G03"), "case", own.native, own.media, CASE).exchange
    client("G03").ack(local)

    clue = client("G03").push(network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer")).exchange
    chongqing.await_item(clue)
    answer = {**message("clue-receipt"), "caseNo": "渝潼市监案〔2025〕77号"}
    reply = chongqing.push(network.uscc("G03"), "clue-receipt", CLUE, message=answer, inReplyTo=clue).exchange
    client("G03").await_item(reply)
    service = client("G03").push(network.uscc("G07"), "service-handover", purpose("service-handover"),
                                 message=message("service-handover")).exchange
    chongqing.await_item(service)
    chongqing.ack(clue)
    for name, exchange in (("G03", clue), ("G02", sent)):
        client(name).await_status(exchange, "acknowledged" if exchange == clue else "delivered")

    # Another policy in force: what comes later is decided by it, what came before stays decided by the old one.
    text = network.cq.policy.read_text(encoding="utf-8").replace('"id": "case-assist"', '"id": "case-assist-2"')
    network.cq.policy.write_text(text, encoding="utf-8")
    assert network.cq.reload() == []
    assert chongqing.query("case", {"id": "CA0001"}, CASE, gateway="sc", waitSeconds=20).status == 200
    return {"edit": back, "clue": clue, "reply": reply, "service": service}


class Audit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch(cls.addClassCleanup, "audit")
        cls.network = Network(cls.folder)
        cls.addClassCleanup(cls.network.close)
        cls.exchanges = traffic(cls.network, {})
        cls.sc, cls.cq = str(cls.network.sc.data), str(cls.network.cq.data)
        until(cls.settled, "a receipt for everything that was sent")
        cls.beside = cls.read_while_written()
        for gateway in (cls.network.sc, cls.network.cq):
            assert gateway.stop() == 0

    @classmethod
    def read_while_written(cls):
        """Exit codes of verify and export while the gateway takes records as fast as it can."""
        own, agency = record("CA0001"), cls.network.client("G02")
        writing = Steady(lambda: agency.publish(own).status == 200, pause=0)
        words = [("verify", cls.sc), ("export", cls.sc, str(cls.folder / "beside"))] * 4
        codes = [subprocess.run([str(BIN / "chuanyu-audit"), *w], capture_output=True, check=False, timeout=120).returncode
                 for w in words]
        writing.stop()
        return codes

    def test_beside_a_gateway_that_writes(self):
        self.assertEqual(self.beside, [CLEAN] * 8)
        self.json(CLEAN, "verify", self.folder / "beside", "--key", self.key("sc"))

    @classmethod
    def settled(cls):
        """Read beside the running gateways."""
        done = subprocess.run([str(BIN / "chuanyu-audit"), "verify", cls.sc, cls.cq, "--json"], capture_output=True, text=True,
                              check=False, timeout=120)
        pairs = json.loads(done.stdout)["pairs"]
        return len(pairs) == 2 and all(p["underWay"] + p["receiptPending"] == 0 for p in pairs)

    def run_it(self, *words):
        done = subprocess.run([str(BIN / "chuanyu-audit"), *map(str, words)], capture_output=True, text=True, check=False,
                              timeout=120)
        return done.returncode, done.stdout + done.stderr

    def json(self, code, *words):
        found, text = self.run_it(*words, "--json")
        self.assertEqual(code, found, text)
        return json.loads(text)

    def key(self, name):
        return str(self.network.pki.folder / name / "gateway" / f"{name}-log.pub")

    def kek(self, name):
        return str(self.network.pki.folder / name / "gateway" / f"{name}-kek.key")

    def exported(self, name, *more):
        """A folder with the export, made once."""
        out = self.folder / ("out-" + name)
        self.json(CLEAN, "export", self.network.gateways[name].data, out, "--key", self.key(name), "--with-keys", *more)
        return out

    def test_everything_comes_out_the_same(self):
        for name, folder in (("sc", self.sc), ("cq", self.cq), ("sc", self.exported("sc"))):
            report = self.json(CLEAN, "rederive", folder, "--kek", self.kek(name))
            self.assertEqual(report["different"] + report["unable"] + report["erased"] + report["sealed"], 0, report)
            self.assertGreater(report["decisions"], 30)
            self.assertGreater(report["conversions"], 20)
        text = self.run_it("rederive", self.sc, "--kek", self.kek("sc"))[1]
        self.assertIn("结果相同", text)

    def test_without_a_key_the_decisions_are_taken_again(self):
        report = self.json(INCOMPLETE, "rederive", self.sc)
        self.assertEqual((report["different"], report["conversions"]), (0, 0), report)
        self.assertGreater(report["decisions"], 30)
        self.assertGreater(report["sealed"], 20)

    def test_one_exchange(self):
        report = self.json(CLEAN, "rederive", self.cq, "--kek", self.kek("cq"), "--exchange", self.exchanges["edit"])
        self.assertGreater(report["conversions"], 0)
        self.assertEqual(self.run_it("rederive", self.cq, "--exchange", "019ab0c4-6e5b-7000-8000-0123456789ab")[0], USAGE)

    def test_the_state_is_what_the_log_says(self):
        for name, folder in (("sc", self.sc), ("cq", self.cq)):
            report = self.json(CLEAN, "replay", folder, "--kek", self.kek(name))
            self.assertTrue(report["sameAsLive"], report)
            own = [r for r in records() if r.home == name]
            self.assertEqual(sum(n for kinds in report["records"].values() for n in kinds.values()), len(own))
        before = self.json(CLEAN, "replay", self.sc, "--kek", self.kek("sc"), "--size", "10")
        self.assertLess(sum(n for kinds in before["records"].values() for n in kinds.values()), 10)
        self.assertIn("notCompared", before)
        nothing = self.json(CLEAN, "replay", self.sc, "--kek", self.kek("sc"), "--until", "2020-01-01")
        self.assertEqual((nothing["size"], nothing["records"]), (0, {}))
        exported = self.json(CLEAN, "replay", self.exported("sc"), "--kek", self.kek("sc"))
        self.assertEqual(exported["stateDigest"], self.json(CLEAN, "replay", self.sc, "--kek", self.kek("sc"))["stateDigest"])

    def test_exports_verify_against_each_other(self):
        sc, cq = self.exported("sc"), self.exported("cq")
        report = self.json(CLEAN, "verify", "--both", sc, cq, "--key", self.key("sc"), "--key", self.key("cq"))
        self.assertEqual(len(report["pairs"]), 2)
        for pair in report["pairs"]:
            self.assertGreater(pair["delivered"], 0, pair)
            self.assertEqual(pair["sent"], pair["delivered"] + pair["refused"], pair)
        again = self.json(CLEAN, "export", self.sc, sc, "--with-keys")
        self.assertEqual(again["files"], 0, "nothing is new")

    def test_timelines(self):
        both = [self.sc, self.cq]
        keks = ["--kek", self.kek("sc"), "--kek", self.kek("cq")]
        steps = self.json(CLEAN, "timeline", *both, *keks, "--case", "渝潼市监案〔2025〕77号")["steps"]
        exchanges = {step["exchange"] for step in steps}
        self.assertIn(self.exchanges["reply"], exchanges)
        self.assertIn(self.exchanges["clue"], exchanges, "the clue that it answers")
        self.assertEqual({step["log"] for step in steps}, {"chuanyu.sc/test", "chuanyu.cq/test"})
        self.assertIn("市场监督管理局", {step["fromName"] for step in steps}.__str__())

        number = message("service-handover")["projectNo"]
        steps = self.json(CLEAN, "timeline", *both, *keks, "--application", number)["steps"]
        self.assertEqual({step["exchange"] for step in steps}, {self.exchanges["service"]})
        steps = self.json(CLEAN, "timeline", self.exported("cq"), "--exchange", self.exchanges["service"])["steps"]
        self.assertEqual([step["kind"] for step in steps], ["received"])
        self.assertEqual(self.run_it("timeline", *both, *keks, "--case", "没有这个案件")[0], USAGE)
        self.assertEqual(self.run_it("timeline", *both, "--case", "X")[0], USAGE, "the number stands in sealed bodies")

    def test_certificates_were_valid_at_their_time(self):
        report = self.json(CLEAN, "verify", self.sc, "--key", self.key("sc"), "--certificates", self.network.pki.folder)
        log = report["logs"][0]
        self.assertEqual(log["certificatesUnknown"], 0, log)
        self.assertGreater(log["certificatesChecked"], 40)
        self.assertGreater(self.json(CLEAN, "verify", self.sc)["logs"][0]["certificatesUnknown"], 40)

    def test_a_report_to_print(self):
        page = self.folder / "report.html"
        code, text = self.run_it("verify", "--both", self.sc, self.cq, "--key", self.key("sc"), "--key", self.key("cq"),
                                 "--html", page)
        self.assertEqual(code, CLEAN, text)
        html = page.read_text(encoding="utf-8")
        for word in ("完好", "chuanyu.sc/test", "chuanyu.cq/test", "未能核验", "A4", "chuanyu-audit verify", "退出码"):
            self.assertIn(word, html)
        for alien in ("<script", "http://", "https://", "src="):
            self.assertNotIn(alien, html)

    def test_a_body_whose_key_is_gone(self):
        """The key rows of two slots were taken out of the backup, and no entry says why (erasure_test.py has those that do)."""
        copy = self.folder / "erased"
        shutil.copytree(self.exported("sc"), copy)
        [bundle] = [p for p in (copy / "keys/slot").iterdir()]
        rows = bundle.read_bytes()
        kept, at, first = b"", 0, True
        while at < len(rows):
            start = at
            for _ in range(2):
                at += 4 + int.from_bytes(rows[at:at + 4], "big")
            slot = int.from_bytes(rows[start + 4:start + 12], "big")
            kept += b"" if slot in (7, 8) else rows[start:at]
        bundle.write_bytes(kept)
        report = self.json(UNACCOUNTED, "rederive", copy, "--kek", self.kek("sc"))
        self.assertEqual((report["lost"], report["erased"], report["different"]), (2, 0, 0), report)
        self.assertEqual(self.json(UNACCOUNTED, "replay", copy, "--kek", self.kek("sc"))["lost"], 2)
        report = self.json(UNACCOUNTED, "verify", copy, "--key", self.key("sc"))
        self.assertEqual({finding["code"] for finding in report["logs"][0]["findings"]}, {"LOG_KEY_MISSING"})

    def test_wrapped_keys_that_were_changed(self):
        """Nobody signs keys/: who has the key-encryption key sees what was done to it; a file that does not add up anybody does."""
        copy = self.folder / "keys-changed"
        shutil.copytree(self.exported("sc"), copy)
        with_kek = ("verify", copy, "--key", self.key("sc"), "--kek", self.kek("sc"))
        report = self.json(CLEAN, *with_kek)["logs"][0]
        self.assertGreater(report["keyRowsOpened"], 20)
        unopened = self.json(CLEAN, "verify", copy, "--key", self.key("sc"))
        self.assertIsNone(unopened["logs"][0]["keyRowsOpened"])
        self.assertTrue(any("--kek" in words for words in unopened["notChecked"]), unopened["notChecked"])
        other = self.json(USAGE, "verify", copy, "--key", self.key("sc"), "--kek", self.kek("cq"))
        self.assertEqual([finding["code"] for finding in other["logs"][0]["findings"]], ["LOCAL_KEY_FILE"])

        [bundle] = [p for p in (copy / "keys/slot").iterdir()]
        rows = bundle.read_bytes()
        for path, at in ((bundle, len(rows) - 1), (bundle, 20), (copy / "keys/named", (copy / "keys/named").stat().st_size - 3)):
            good = path.read_bytes()
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            [found] = self.json(TAMPERED, *with_kek)["logs"][0]["findings"]
            self.assertEqual(found["code"], "LOG_TAMPERED", found)
            self.assertTrue(found["where"].startswith("slot#" if path == bundle else "keys/"), found)
            path.write_bytes(good)
        bundle.write_bytes(rows + b"x")
        found = self.json(TAMPERED, "verify", copy, "--key", self.key("sc"))["logs"][0]["findings"]
        self.assertEqual([one["code"] for one in found], ["LOG_TAMPERED"], found)

    def test_keys_without_their_named_rows(self):
        """Such a backup restores nothing; with another key-encryption key neither."""
        copy = self.folder / "keys-unnamed"
        shutil.copytree(self.exported("sc"), copy)
        named = copy / "keys/named"
        rows = named.read_bytes()
        named.write_bytes(b"")
        found = self.json(INCOMPLETE, "verify", copy, "--key", self.key("sc"), "--kek", self.kek("sc"))["logs"][0]["findings"]
        self.assertEqual([(one["code"], one["where"]) for one in found], [("LOG_INCOMPLETE", "keys/")] * 2, found)
        self.assertIn("LOG_INCOMPLETE", {one["code"] for one in self.json(INCOMPLETE, "rederive", copy, "--kek", self.kek("sc"))["findings"]})
        gateway = self.network.sc
        def restored():
            config = json.loads((gateway.folder / "config.json").read_text(encoding="utf-8"))
            config["data"] = str(self.folder / "unnamed-data")
            place = gateway.folder / "elsewhere.json"
            place.write_text(json.dumps(config), encoding="utf-8")
            return subprocess.run([str(BIN / "chuanyu-gateway"), "--config", str(place), "--restore", str(copy)],
                                  capture_output=True, text=True, check=False, timeout=120)
        done = restored()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("LOG_INCOMPLETE", done.stderr)
        named.write_bytes(rows)
        shutil.copy(self.kek("sc"), self.folder / "kek-kept")
        shutil.copy(self.kek("cq"), self.kek("sc"))
        try:
            done = restored()
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn("LOCAL_KEY_FILE", done.stderr)
        finally:
            shutil.copy(self.folder / "kek-kept", self.kek("sc"))
        self.assertFalse((self.folder / "unnamed-data").exists(), "nothing was begun")

    def test_damaged_key_tables_end_no_process(self):
        """Any page of keys/ may be damaged: it is told, by the page or as a folder that cannot be read; nothing crashes."""
        copy = self.folder / "keys-damaged"
        shutil.copytree(self.sc, copy)
        tables = copy / "keys/data.mdb"
        good = tables.read_bytes()
        codes = set()
        for page in range(2, len(good) // 4096):
            for at in (16, 18, 24, 34):  # bounds of the page, places of its nodes
                place = page * 4096 + at
                tables.write_bytes(good[:place] + bytes([good[place] ^ 0x40]) + good[place + 1:])
                codes.add(self.run_it("verify", copy, "--key", self.key("sc"))[0])
        self.assertLessEqual(codes, {CLEAN, TAMPERED, INCOMPLETE, 6}, "what is clean were free pages")
        self.assertIn(TAMPERED, codes)

    def test_a_gateway_restored_from_its_export(self):
        exported = self.exported("cq")
        gateway = self.network.cq
        lived = gateway.folder / "lived"
        gateway.data.rename(lived)
        def run(*words):
            return subprocess.run([str(BIN / "chuanyu-gateway"), "--config", str(gateway.folder / "config.json"), *map(str, words)],
                                  capture_output=True, text=True, check=False, timeout=120)
        try:
            # A copy that lacks a file: nothing is begun in its place.
            lacking = gateway.folder / "lacking"
            shutil.copytree(exported, lacking)
            shutil.rmtree(lacking / "tile/entries")
            self.assertEqual(run("--restore", lacking).returncode, 1)
            started = run()
            self.assertNotEqual(started.returncode, 0)
            self.assertIn("没有完成的恢复", started.stderr)
            shutil.rmtree(gateway.data)
            shutil.rmtree(lacking)

            done = run("--restore", exported)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(run("--restore", exported).returncode, 2, "there is a log now")
            gateway.start()
            client = self.network.client("G07")
            status = client.status(self.exchanges["clue"])
            self.assertEqual((status.status, status.json["status"]), (200, "acknowledged"), status)
            answer = client.query("case", {"id": "CA0006"}, CASE, gateway="cq")
            self.assertEqual((answer.status, answer.json["count"]), (200, 1), answer)
            gateway.stop()
            self.json(CLEAN, "verify", gateway.data, "--key", self.key("cq"))
            self.assertTrue(self.json(CLEAN, "replay", gateway.data, "--kek", self.kek("cq"))["sameAsLive"])
            more = self.json(CLEAN, "export", gateway.data, exported, "--with-keys", "--key", self.key("cq"))
            self.assertGreater(more["size"], more["before"], "the backup goes on where it was")
        finally:
            gateway.kill()
            shutil.rmtree(gateway.data, ignore_errors=True)
            lived.rename(gateway.data)
            shutil.rmtree(exported)


def tearDownModule():
    record_codes("audit")


if __name__ == "__main__":
    sys.exit(unittest.main())
