"""A native plug-in in its worker process, through the gateway: from push to inbox, and on when its process is killed."""
import json
import os
import pathlib
import shutil
import signal
import sys
import unittest

from chuanyu_test import BIN, SOURCE, Network, purpose, record_codes, scratch

CASE = purpose("case-assist")
PROFILE = "county.case.v1"
MEDIA = "text/plain; charset=GB18030"
FIXTURES = (SOURCE / "adapters/examples/county_fixed/fixtures/county_case.gb18030.txt").read_bytes().splitlines()
DOMAIN = slice(152, 154)  # 执法领域, in bytes (LAYOUT.md)


def with_domain(line, code):
    return line[:DOMAIN.start] + code + line[DOMAIN.stop:]


class Plugin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "plugin")
        adapters = folder / "adapters"
        for part in ("sichuan", "chongqing"):
            shutil.copytree(SOURCE / "adapters" / part, adapters / part)
        shutil.copytree(BIN.parent / "plugins/county_fixed", adapters / "county")
        cls.network = Network(folder, hub=True, config={"adapters": str(adapters)}, started=False)
        cls.addClassCleanup(cls.network.close)

        def exported_by_the_county(document):
            for party in document["parties"]:
                if party["uscc"] == cls.network.uscc("G02"):
                    party["profiles"]["case"] = PROFILE
        cls.network.pki.change_directory(exported_by_the_county)
        cls.network.start()

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client

    def worker(self):
        """The one child of the gateway."""
        process = self.network.sc.process.pid
        children = [pid for task in pathlib.Path(f"/proc/{process}/task").iterdir()
                    for pid in (task / "children").read_text(encoding="ascii").split()]
        [pid] = children
        self.assertEqual(os.path.basename(os.readlink(f"/proc/{pid}/exe")), "chuanyu-adapter-worker")
        return int(pid)

    def arrives(self, line):
        """Pushed as the county's line; what lies in Chongqing's inbox."""
        sent = self.client("G02").push_native(self.network.uscc("G07"), "case", line, MEDIA, CASE)
        self.assertEqual(sent.status, 202, sent)
        receiver = self.client("G07")
        item = receiver.await_item(sent.exchange)
        self.assertEqual(receiver.ack(sent.exchange).status, 200)
        return item["record"]

    def test_from_push_to_inbox(self):
        mappings = self.client("G02").request("GET", "/v1/mappings").json["mappings"]
        self.assertIn((PROFILE, "1.0.0"), [(m["id"], m["version"]) for m in mappings])
        got = self.arrives(FIXTURES[0])
        self.assertEqual((got["case_id"], got["case_name"]), ("SNCS2024000153", "销售超过保质期的食品案"))
        self.assertEqual((got["case_status"], got["fine"]), ("80", "0.500000"))
        self.assertEqual([party["admin_cp_name"] for party in got["admin_cp"]], ["遂宁涪江川味食品有限公司"])

    def test_the_worker_is_killed_between_two_records(self):
        first = self.arrives(FIXTURES[0])
        before = self.worker()
        os.kill(before, signal.SIGKILL)
        second = self.arrives(FIXTURES[1])
        self.assertEqual((first["case_id"], second["case_id"]), ("SNCS2024000153", "SNCS2024000154"))
        self.assertNotEqual(self.worker(), before)

    def test_refusals_and_gaps_are_counted_like_a_mappings(self):
        client = self.client("G02")
        refused = client.push_native(self.network.uscc("G07"), "case", with_domain(FIXTURES[0], b"77"), MEDIA, CASE)
        self.assertEqual(refused.code, "RECORD_CODE_UNKNOWN", refused)
        gaps = client.request("GET", "/v1/gaps").json["gaps"]
        self.assertEqual([(g["profile"], g["codeSet"], g["sample"], g["count"]) for g in gaps],
                         [(PROFILE, "执法领域", "99（2 字）", 1)])

    def test_explained(self):
        answer = self.client("G02").request("POST", f"/v1/mappings/{PROFILE}:explain", FIXTURES[0], {"Content-Type": MEDIA})
        self.assertEqual(answer.status, 200, answer)
        steps = {step.get("canonical"): step for step in answer.json["steps"]}
        self.assertEqual(steps["state"]["value"], "CLOSED")
        self.assertEqual(steps["case_name"]["value"], "〔11 字〕")
        self.assertIn("备用", json.dumps(answer.json["notes"], ensure_ascii=False))


def tearDownModule():
    record_codes("plugin")


if __name__ == "__main__":
    sys.exit(unittest.main())
