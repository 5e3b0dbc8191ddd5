"""Records that are refused but kept: listed with their diagnosis, run again after the code set was mended, once."""
import base64
import json
import shutil
import subprocess
import sys
import unittest
import uuid

from chuanyu_test import BIN, Network, purpose, record, record_codes, scratch

CASE = purpose("case-assist")
ARCHIVED = "已归档"


class Quarantine(unittest.TestCase):
    def setUp(self):
        self.network = Network(scratch(self.addCleanup, "quarantine"), hub=True, started=False)
        self.addCleanup(self.network.close)
        self.sc = self.network.sc
        adapters = self.sc.folder / "adapters"
        shutil.copytree(self.sc.config["adapters"], adapters)
        self.sc.config["adapters"] = str(adapters)
        self.codes = adapters / "sichuan/codes/case_state.json"
        self.change(lambda codes: codes.update(gap="quarantine"))
        self.sc.start()
        self.own = record("CA0001")
        self.odd = self.with_state(ARCHIVED)
        self.agency = self.client("G02")

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client

    def with_state(self, state):
        return self.own.native.decode("gb18030").replace("<案件状态>已结案<", f"<案件状态>{state}<").encode("gb18030")

    def change(self, how):
        codes = json.loads(self.codes.read_text(encoding="utf-8"))
        how(codes)
        self.codes.write_text(json.dumps(codes, ensure_ascii=False), encoding="utf-8")

    def mend(self):
        def add(codes):
            codes["pairs"].append([ARCHIVED, "CLOSED"])
            codes["prefer"]["CLOSED"] = "已结案"
        self.change(add)
        self.assertEqual(self.sc.reload(), [])

    def held(self, name):
        answer = self.client(name).request("GET", "/v1/quarantine")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["items"]

    def rerun(self, name, exchange):
        return self.client(name).request("POST", f"/v1/quarantine/{exchange}:rerun", b"")

    def put(self, **more):
        answer = self.agency.put("case", self.own.id, self.odd, self.own.media, **more)
        self.assertEqual((answer.status, answer.code), (422, "RECORD_QUARANTINED"), answer)
        return answer.json["exchangeId"]

    def push(self, **more):
        answer = self.agency.push_native(self.network.uscc("G03"), "case", self.odd, self.own.media, CASE, **more)
        self.assertEqual((answer.status, answer.code), (422, "RECORD_QUARANTINED"), answer)
        return answer.json["exchangeId"]

    def received(self, exchange):
        return [item for item in self.client("G03").inbox_all() if item["id"] == exchange]

    def test_each_verb_takes_effect_once(self):
        put, push = self.put(key="put"), self.push(key="push")
        bulk = self.agency.import_("case", self.odd.replace(b"CA0001", b"CA0901"), self.own.media)
        self.assertEqual((bulk.json["rejected"], bulk.json["outcomes"][0]["code"]), (1, "RECORD_QUARANTINED"), bulk)
        rows = self.held("G02")
        self.assertEqual([(row["exchangeId"], row["verb"]) for row in rows],
                         [(put, "publish"), (push, "push"), (bulk.json["exchangeId"], "import")])
        for row in rows:
            self.assertEqual((row["code"], row["pointer"], row["mapping"]), ("RECORD_QUARANTINED", "案件状态", "sc.case.v1"))
            self.assertIn("sc.case_state", row["detail"])
        self.assertEqual((self.held("sc-operator"), self.held("sc-auditor")), (rows, rows))
        self.assertEqual(self.held("G03"), [])
        self.assertEqual(self.rerun("G03", put).code, "CLIENT_NOT_FOUND")
        self.assertEqual(self.rerun("sc-auditor", put).code, "CLIENT_ROLE_FORBIDDEN")

        again = self.rerun("G02", put)
        self.assertEqual(again.status, 200, again)
        [outcome] = again.json["outcomes"]
        self.assertEqual((outcome["done"], outcome["code"]), (False, "RECORD_QUARANTINED"))
        self.assertEqual(self.held("G02"), rows, "what fails again stays, and stands there once")

        self.mend()
        ran = self.sc.cli("sc-operator", "quarantine", "rerun", "--all")
        self.assertEqual(ran.returncode, 0, (ran.stdout, ran.stderr))
        self.assertEqual(self.held("sc-operator"), [])
        self.assertEqual(self.rerun("G02", put).code, "CLIENT_NOT_FOUND")
        for name in ("CA0001", "CA0901"):
            self.assertEqual(self.client("G03").query("case", {"id": name}, CASE).json["count"], 1, name)
        self.assertEqual(len(self.received(push)), 1)
        self.assertEqual(self.agency.status(put).json["status"], "published")
        # The first commands, repeated under their keys: what they became.
        repeated = self.agency.put("case", self.own.id, self.odd, self.own.media, key="put")
        self.assertEqual((repeated.status, repeated.exchange), (201, put), repeated)
        repeated = self.agency.push_native(self.network.uscc("G03"), "case", self.odd, self.own.media, CASE, key="push")
        self.assertEqual((repeated.status, repeated.exchange), (202, push), repeated)
        self.assertEqual(len(self.received(push)), 1)
        self.assertEqual(self.sc.stop(), 0)
        shown = subprocess.run([str(BIN / "chuanyu-audit"), "show", str(self.sc.data), "--exchange", put],
                               capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((shown.returncode, self.network.uscc("G02") in shown.stdout), (0, True), shown)

    def test_sent_again_under_its_key(self):
        self.put(key="same")
        newer = self.put(key="same")
        self.assertEqual([row["exchangeId"] for row in self.held("G02")], [newer], "one command stands there once")
        self.mend()
        self.assertEqual(self.agency.put("case", self.own.id, self.odd, self.own.media, key="same").status, 201)
        self.assertEqual(self.held("G02"), [])

    def test_a_newer_version_is_not_overwritten(self):
        old = self.put()
        self.assertEqual(self.agency.put("case", self.own.id, self.with_state("执行中"), self.own.media).status, 201)
        self.mend()
        [outcome] = self.rerun("G02", old).json["outcomes"]
        self.assertEqual((outcome["done"], outcome["code"]), (False, "CLIENT_STATE_CONFLICT"))
        self.assertEqual(self.held("G02"), [])
        [found] = self.client("G03").query("case", {"id": self.own.id}, CASE).json["records"]
        self.assertIn("执行中".encode("gb18030"), base64.b64decode(found["base64"]))

    def test_two_versions_in_their_order(self):
        first = self.put()
        self.odd = self.odd.replace("食品药品".encode("gb18030"), "质量安全".encode("gb18030"))
        second = self.put()
        self.mend()
        for exchange in (first, second):
            [outcome] = self.rerun("G02", exchange).json["outcomes"]
            self.assertTrue(outcome["done"], outcome)
        [found] = self.client("G03").query("case", {"id": self.own.id}, CASE).json["records"]
        self.assertIn("质量安全".encode("gb18030"), base64.b64decode(found["base64"]))

    def test_policy_decides_again(self):
        put = self.put()
        self.mend()
        good = self.sc.policy.read_text(encoding="utf-8")
        self.sc.policy.write_text('{"version": "empty", "rules": []}', encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        [outcome] = self.rerun("G02", put).json["outcomes"]
        self.assertEqual((outcome["done"], outcome["code"]), (False, "CLIENT_POLICY_DENIED"))
        self.sc.policy.write_text(good, encoding="utf-8")
        self.assertEqual(self.sc.reload(), [])
        [outcome] = self.rerun("sc-operator", put).json["outcomes"]
        self.assertTrue(outcome["done"], outcome)

    def test_a_restart_and_a_rebuilt_state_keep_it(self):
        put = self.put()
        self.push()
        rows = self.held("sc-operator")
        self.assertEqual(self.sc.stop(), 0)
        shutil.rmtree(self.sc.data / "state")
        self.sc.start()
        self.assertEqual(self.held("sc-operator"), rows)
        self.mend()
        [outcome] = self.rerun("G02", put).json["outcomes"]
        self.assertTrue(outcome["done"], outcome)

    def test_paging(self):
        exchanges = [self.put(key=str(uuid.uuid4())) for _ in range(3)]
        first = self.agency.request("GET", "/v1/quarantine?limit=2").json
        rest = self.agency.request("GET", f"/v1/quarantine?limit=2&after={first['next']}").json
        self.assertEqual([row["exchangeId"] for row in first["items"] + rest["items"]], exchanges)
        self.assertEqual(self.agency.request("GET", "/v1/quarantine?after=x").code, "CLIENT_FIELD_INVALID")


def tearDownModule():
    record_codes("quarantine", ["CLIENT_STATE_CONFLICT"])  # in the outcome of a rerun


if __name__ == "__main__":
    sys.exit(unittest.main())
