"""SIGHUP takes new files and keeps the old ones when the new are bad; SIGTERM answers what was begun and loses nothing."""
import json
import shutil
import subprocess
import sys
import threading
import unittest
import uuid

from chuanyu_test import BIN, LOST, Network, Steady, message, purpose, record, record_codes, scratch, until

CREDIT = purpose("credit-check")
ASK = {"uscc": "91510903MADEM0011H"}


class Base(unittest.TestCase):
    def setUp(self):
        self.network = Network(scratch(self.addCleanup, "reload"), started=False)
        self.addCleanup(self.network.close)
        self.sc = self.network.sc.start()

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client


class Reload(Base):
    def test_policy(self):
        client = self.client("G02")
        self.assertEqual(client.query("credit", ASK, CREDIT).status, 200)
        good = self.sc.policy.read_text(encoding="utf-8")
        self.sc.policy.write_text('{"version": "empty", "rules": []}', encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        self.assertEqual(client.query("credit", ASK, CREDIT).code, "CLIENT_POLICY_DENIED")
        for bad in ("{", '{"version": "x", "rules": [{"id": "a"}]}', '{"version": "x", "rules": [], "more": 1}'):
            self.sc.policy.write_text(bad, encoding="utf-8")
            errors = self.sc.reload()
            self.assertTrue(errors and "policy.json" in errors[0]["error"], errors)
            self.assertEqual(client.query("credit", ASK, CREDIT).code, "CLIENT_POLICY_DENIED")  # still the empty one
        self.sc.policy.write_text(good, encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        self.assertEqual(client.query("credit", ASK, CREDIT).status, 200)

    def test_directory(self):
        client = self.client("G02")
        self.assertEqual(client.request("GET", "/v1/whoami").status, 200)

        def suspend(document):
            for party in document["parties"]:
                for system in party["systems"]:
                    system["suspended"] = system["urn"].endswith(self.network.uscc("G02") + ":app")
        good = self.network.pki.directory.read_bytes()
        self.network.pki.change_directory(suspend)
        self.assertEqual(self.sc.reload(), [])
        answer = client.request("GET", "/v1/whoami")  # the same connection
        self.assertEqual((answer.status, answer.code), (403, "CLIENT_IDENTITY_SUSPENDED"), answer)
        self.network.pki.directory.write_bytes(good)
        self.assertEqual(self.sc.reload(), [])
        self.assertEqual(client.request("GET", "/v1/whoami").status, 200)

    def test_crl(self):
        self.assertEqual(self.client("G03").request("GET", "/v1/whoami").status, 200)
        self.network.pki.revoke("G03")
        self.assertEqual(self.client("G03").request("GET", "/v1/whoami").status, 200)  # not yet read
        self.assertEqual(self.sc.reload(), [])
        with self.assertRaises(LOST):
            self.client("G03").request("GET", "/v1/whoami")
        until(lambda: self.sc.metric("chuanyu_tls_refused_total", code="TLS_REVOKED") >= 1, "the refusal in the metrics")
        self.assertEqual(self.client("G02").request("GET", "/v1/whoami").status, 200)

    def test_certificate(self):
        """Renewed in place, without dropping a connection; a certificate that cannot be used leaves the old one in force."""
        kept = self.client("G02")

        def serial():
            client = self.client("G03")
            with client.socket() as tls:
                return tls.getpeercert()["serialNumber"]
        self.assertEqual(kept.request("GET", "/v1/whoami").status, 200)
        connection = kept._connection.sock  # pylint: disable=protected-access
        first = serial()
        self.network.pki.renew("sc-gw")
        self.assertEqual(self.sc.reload(), [])
        second = serial()
        self.assertNotEqual(first, second)
        chain = self.network.pki.folder / "sc/gateway/sc-gw.chain.crt"
        good = chain.read_bytes()
        chain.write_text("no certificate", encoding="ascii")
        errors = self.sc.reload()
        self.assertTrue(errors and "sc-gw.chain.crt" in errors[0]["error"], errors)
        self.assertEqual(serial(), second)
        chain.write_bytes(good)
        self.assertEqual(self.sc.reload(), [])
        self.assertEqual(kept.request("GET", "/v1/whoami").status, 200)
        self.assertIs(kept._connection.sock, connection)  # pylint: disable=protected-access

    def test_signing_keys(self):
        """They take a restart: a reload neither uses another one nor says in the log that it would."""
        key = self.network.pki.folder / "sc/gateway/sc-log.key"
        kept = key.read_bytes()
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True, capture_output=True)
        self.sc.policy.write_text('{"version": "empty", "rules": []}', encoding="utf-8")
        errors = self.sc.reload()
        self.assertTrue(errors and errors[0]["error"].startswith("CONFIG_VALUE") and "/keys" in errors[0]["error"], errors)
        self.assertEqual(self.client("G02").query("credit", ASK, CREDIT).status, 200)  # nothing of it is in force
        key.write_bytes(kept)
        self.assertEqual(self.sc.reload(), [])
        self.assertEqual(self.client("G02").query("credit", ASK, CREDIT).code, "CLIENT_POLICY_DENIED")

    def test_mappings(self):
        """A profile's file that is broken leaves the running mappings in force; a good one goes live."""
        adapters = self.sc.folder / "adapters"
        shutil.copytree(self.sc.config["adapters"], adapters)
        self.sc.config["adapters"] = str(adapters)
        self.sc.stop()
        self.sc.start()
        client, own = self.client("G02"), record("CA0001")
        self.assertEqual(client.publish(own).status, 201)
        [path] = adapters.rglob("sc.case.v1.mapping.json")
        good = path.read_text(encoding="utf-8")
        path.write_text(good.replace('"as": "text"', '"as": "tekst"', 1), encoding="utf-8")
        errors = self.sc.reload()
        self.assertTrue(errors and "sc.case.v1" in errors[0]["error"], errors)
        self.assertEqual(client.publish(own).status, 200)
        path.write_text(good.replace('"version": "1.0.0"', '"version": "1.0.1"', 1), encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        live = {m["id"]: m["version"] for m in client.request("GET", "/v1/mappings").json["mappings"]}
        self.assertEqual(live["sc.case.v1"], "1.0.1")
        self.assertEqual(client.publish(own).status, 200)

    def test_versions(self):
        """A code set that is changed goes live without a restart; one that would read old records otherwise does not, unless
        the mapping is a new major version and the operator accepts it by name."""
        adapters, accepted = self.sc.folder / "adapters", self.sc.folder / "accepted.json"
        shutil.copytree(self.sc.config["adapters"], adapters)
        accepted.write_text('{"accepted": []}', encoding="utf-8")
        self.sc.config.update(adapters=str(adapters), accepted_mappings=str(accepted))
        self.sc.stop()
        self.sc.start()
        client, own = self.client("G02"), record("CA0001")
        mapping, codes = adapters / "sichuan/sc.case.v1.mapping.json", adapters / "sichuan/codes/case_state.json"
        good, first = mapping.read_text(encoding="utf-8"), codes.read_text(encoding="utf-8")

        def publish(state):
            return client.put("case", own.id, own.native.decode("gb18030").replace("已结案", state).encode("gb18030"), own.media)

        def live():
            return {m["id"]: m["version"] for m in client.request("GET", "/v1/mappings").json["mappings"]}["sc.case.v1"]
        self.assertEqual(publish("已归档").code, "RECORD_CODE_UNKNOWN")
        connection = client._connection.sock  # pylint: disable=protected-access
        neighbour, other_case = self.client("G02"), record("CA0001").native.replace(b"CA0001", b"CA0777")
        steady = Steady(lambda: neighbour.put("case", "CA0777", other_case, own.media).status in (200, 201), pause=0)
        self.addCleanup(steady.stop)
        more = json.loads(first)
        more["pairs"].append(["已归档", "CLOSED"])
        more["prefer"]["CLOSED"] = "已结案"
        codes.write_text(json.dumps(more, ensure_ascii=False), encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        self.assertEqual(publish("已归档").status, 201)

        other = json.loads(json.dumps(more))
        other["pairs"] = [[native, "SUSPENDED" if native == "已归档" else code] for native, code in other["pairs"]]
        other["prefer"] = {"REVIEW": "审核", "SUSPENDED": "中止调查"}
        codes.write_text(json.dumps(other, ensure_ascii=False), encoding="utf-8")

        def refused():
            errors = self.sc.reload()
            self.assertTrue(errors, "an incompatible code set went live")
            for row in errors:
                self.assertIn("S10", row["error"])
                self.assertIn("sc.case.v1.mapping.json#/rules/", row["error"])
            self.assertEqual(live(), "1.0.0")
            self.assertEqual(publish("已归档").status, 200)
        refused()
        accepted.write_text('{"accepted": ["sc.case.v1@2.0.0"]}', encoding="utf-8")
        refused()  # no new major version
        mapping.write_text(good.replace('"version": "1.0.0"', '"version": "2.0.0"', 1), encoding="utf-8")
        accepted.write_text('{"accepted": ["sc.case.v1@2.0.1"]}', encoding="utf-8")
        refused()  # another version was accepted
        accepted.write_text('{"accepted": "sc.case.v1@2.0.0"}', encoding="utf-8")
        self.assertIn("accepted.json", self.sc.reload()[0]["error"])
        accepted.write_text('{"accepted": ["sc.case.v1@2.0.0"]}', encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        self.assertEqual(live(), "2.0.0")
        self.assertEqual(publish("已归档").status, 200)
        self.assertIs(client._connection.sock, connection)  # pylint: disable=protected-access
        steady.check(self, 0)  # records in flight all the while
        steady.stop()
        self.assertEqual(self.sc.stop(), 0)
        self.mappings_in_the_log(["1.0.0", "1.0.0", "2.0.0"])

    def test_versions_at_the_start(self):
        """A mapping that was changed while the gateway was down is held against what the log has in force, and against each
        version before it since the last break; a format is only taken away when the operator says so."""
        adapters, accepted = self.sc.folder / "adapters", self.sc.folder / "accepted.json"
        shutil.copytree(self.sc.config["adapters"], adapters)
        accepted.write_text('{"accepted": []}', encoding="utf-8")
        self.sc.config.update(adapters=str(adapters), accepted_mappings=str(accepted))
        mapping = adapters / "sichuan/sc.case.v1.mapping.json"
        good = mapping.read_text(encoding="utf-8")
        narrower = good.replace('"c": "source", "as": "text"', '"c": "source", "as": {"text": {"max": 9}}')
        self.assertNotEqual(narrower, good)

        def refused(text, why):
            self.sc.stop()
            mapping.write_text(text, encoding="utf-8")
            self.sc.spawn()
            self.assertNotEqual(self.sc.process.wait(60), 0)
            self.assertIn(why, self.sc.tail())
            self.sc.kill()
        refused(narrower, "S10")
        refused(narrower.replace('"version": "1.0.0"', '"version": "2.0.0"', 1), "sc.case.v1@2.0.0")
        accepted.write_text('{"accepted": ["sc.case.v1@2.0.0"]}', encoding="utf-8")
        self.sc.start()
        accepted.write_text('{"accepted": []}', encoding="utf-8")
        self.assertEqual(self.sc.reload(), [], "a break that was accepted stays so")
        self.sc.stop()
        self.sc.start()

    def test_a_format_is_taken_away(self):
        adapters, accepted = self.sc.folder / "adapters", self.sc.folder / "accepted.json"
        shutil.copytree(self.sc.config["adapters"], adapters)
        more = (adapters / "sichuan/sc.case.v1.mapping.json").read_text(encoding="utf-8").replace("sc.case.v1", "old.case.v1")
        old = adapters / "sichuan/old.case.v1.mapping.json"
        old.write_text(more, encoding="utf-8")
        accepted.write_text('{"accepted": []}', encoding="utf-8")
        self.sc.config.update(adapters=str(adapters), accepted_mappings=str(accepted))
        self.sc.stop()
        self.sc.start()
        old.unlink()
        errors = self.sc.reload()
        self.assertTrue(errors and "old.case.v1@removed" in errors[0]["error"], errors)
        accepted.write_text('{"accepted": ["old.case.v1@removed"]}', encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        self.sc.stop()
        self.sc.start()

    def mappings_in_the_log(self, versions):
        """Each version that was in force is there by content: id, version, fingerprint and size, without a key."""
        shown = subprocess.run([str(BIN / "chuanyu-audit"), "show", str(self.sc.data), "--last", "1000000", "--json"], capture_output=True,
                               text=True, check=False, timeout=60)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        rows = [(*row["mappingIn"].split(), row["content"]) for row in json.loads(shown.stdout)["entries"]
                if row["kind"] == "mapping" and row["mappingIn"].startswith("sc.case.v1 ")]
        self.assertEqual([row[1] for row in rows], versions)
        self.assertEqual(len({row[2] for row in rows}), len(versions), "another fingerprint each")
        for row in rows:
            self.assertRegex(row[3], "^[0-9]{4,} 字节，SHA-256 ")

    def test_peer_certificate(self):
        """The peer's key changes with overlapping pins: the link goes on."""
        self.network.cq.start()
        sender, receiver = self.client("G02"), self.client("G07")
        send = lambda: sender.push(self.network.uscc("G07"), "clue-transfer", purpose("clue-transfer"),  # noqa: E731
                                   message=message("clue-transfer")).exchange
        receiver.await_item(send())
        self.network.pki.renew("cq-gw")
        self.assertEqual(self.network.cq.reload(), [])
        self.network.relays["cq"].break_all()
        receiver.await_item(send())

    def test_a_stranger_with_the_peers_name(self):
        """Valid is not enough: without the pinned key the other gateway is not spoken to."""
        def other_pin(document):
            for party in document["parties"]:
                for system in party["systems"]:
                    if ":gateway:" in system["urn"] and party["home"] == "cq":
                        system["pins"] = ["0" * 64]
        self.network.pki.change_directory(other_pin)
        self.assertEqual(self.sc.reload(), [])
        self.network.cq.start()
        sender = self.client("G02")
        sent = sender.push(self.network.uscc("G07"), "clue-transfer", purpose("clue-transfer"), message=message("clue-transfer"))
        self.assertEqual(sent.status, 202, sent)
        until(lambda: any("TLS_PEER_NOT_PINNED" in row["why"] for row in self.sc.events("peer.down")), "the refusal of the peer")
        self.assertEqual(sender.status(sent.exchange).json["status"], "accepted")


class Drain(Base):
    def test_nothing_acknowledged_is_lost(self):
        """SIGTERM under load: every PUT that was answered is there after the restart, every other may be sent again."""
        own, stop = record("CA0001"), threading.Event()
        done, failed, lock = {}, [], threading.Lock()

        def work(worker):
            client, n = self.client("G02"), 0
            while not stop.is_set():
                n += 1
                name, key = f"DR{worker}N{n}", str(uuid.uuid4())
                try:
                    answer = client.put("case", name, own.native.replace(b"CA0001", name.encode()), own.media, key=key)
                except LOST:
                    return
                with lock:
                    if answer.status == 201:
                        done[name] = answer.exchange
                    elif answer.code not in ("LOCAL_DRAINING", "LOCAL_LOG_UNAVAILABLE"):
                        failed.append(answer)

        workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for worker in workers:
            worker.start()
        until(lambda: len(done) > 100, "a hundred records")
        code = self.sc.stop()
        stop.set()
        for worker in workers:
            worker.join()
        self.assertEqual(code, 0, self.sc.tail())
        self.assertEqual(failed, [])
        self.assertTrue(self.sc.events("drain.done"))
        self.sc.start()
        reader = self.client("G03")
        for name, exchange in done.items():
            found = reader.query("case", {"id": name}, purpose("case-assist"))
            self.assertEqual(found.json["count"], 1, name)
            self.assertEqual(self.client("G02").status(exchange).json["status"], "published")

    def test_a_waiting_query_is_answered(self):
        """A query that waits for the other province when SIGTERM comes is told 202, not cut off; its answer comes later."""
        client, answers = self.client("G02"), []
        asking = threading.Thread(target=lambda: answers.append(
            client.query("credit", ASK, CREDIT, gateway="cq", waitSeconds=25)))
        polling = self.client("G03")
        poll = threading.Thread(target=lambda: answers.append(polling.inbox(wait=25)))
        for thread, least in ((asking, 400), (poll, 50)):
            self.wait_for_bytes(thread.start, least)
        self.assertEqual(self.sc.stop(), 0)
        asking.join(30)
        poll.join(30)
        self.assertEqual(sorted(a.status for a in answers), [200, 202], answers)
        [deferred] = [a for a in answers if a.status == 202]
        self.network.start()
        item = client.await_item(deferred.json["exchangeId"])
        self.assertEqual((item["type"], item["count"]), ("answer", 0))

    def wait_for_bytes(self, begin, least):
        """Until at least so many bytes of what begin() sends have come in, and no more come. Asking counts too: by how much
        is asked first."""
        read = lambda: self.sc.metric("chuanyu_http_bytes_total", direction="in")  # noqa: E731
        first = read()
        own = read() - first
        last = read()
        begin()
        came = 0

        def settled():
            nonlocal last, came
            now = read()
            more = now - last - own
            last, came = now, came + more
            return more == 0 and came >= least
        until(settled, "a request")

    def test_health(self):
        self.assertEqual(self.sc.admin("/healthz"), (200, json.dumps({"status": "ok"}, separators=(",", ":"))))
        status, ready = self.sc.admin("/readyz")
        self.assertEqual((status, json.loads(ready)["ready"]), (200, True))
        self.assertEqual(self.sc.admin("/v1/whoami")[0], 404)


def tearDownModule():
    record_codes("reload")


if __name__ == "__main__":
    sys.exit(unittest.main())
