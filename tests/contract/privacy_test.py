"""The identity law: no personal identifier stands in plain outside encrypted payloads: not in the data folders, not in a log,
not in a metric; neither after all went well nor after everything was refused."""
import json
import mmap
import sys
import unittest

from chuanyu_test import MATTER, Network, message, purpose, record, records, scratch
from chuanyu_test.pki import IDS

OPERATOR = "欧阳测试经办"


def personal():
    """What must not be found, as bytes: numbers and names, in both character sets."""
    persons = json.loads(IDS.read_text(encoding="utf-8"))["persons"].values()
    words = {OPERATOR, "张执法", "李执法", "23090100001"}
    for person in persons:
        words |= {person["name"], person["idno"]}
    found = {}
    for word in words:
        for charset in ("utf-8", "gb18030", "utf-16-le"):
            data = word.encode(charset)
            if len(data) >= 6:  # fewer bytes may stand in ciphertext by chance
                found[data] = f"{word} ({charset})"
    return found


class Privacy(unittest.TestCase):
    def test_nothing_in_plain(self):
        folder = scratch(self.addCleanup, "privacy")
        network = Network(folder, config={"log_level": "debug"})
        self.addCleanup(network.close)
        clients = {}

        def client(name):
            return clients.setdefault(name, network.client(name))

        def why(matter, cause=""):
            return purpose(matter, cause, operator=OPERATOR)

        for own in records():
            answer = client(own.agency).publish(own, why=why("publish", "发布"))
            self.assertEqual(answer.status, 201, answer)
            matter = why(MATTER[own.kind], "核验")
            for asker in ("G02", "G07"):
                subject = {"uscc" if own.subject.startswith("9") else "idNo": own.subject}
                client(asker).query(own.kind, subject, matter, gateway=own.home, waitSeconds=20)
            to = network.uscc("G07" if own.home == "sc" else "G02")
            sent = client(own.agency).push_native(to, own.kind, own.native, own.media, matter)
            self.assertIn(sent.status, (202, 403), sent)
            # and again with a fault in it, of each sort that may tempt somebody to quote the value
            for old, new in ((b"9972", b"9971"), (b"9984", b"99X4"), ("有效".encode("gb18030"), "陈文渝".encode("gb18030"))):
                bad = own.native.replace(old, new, 1)
                if bad != own.native:
                    client(own.agency).put(own.kind, own.id, bad, own.media, why=why("publish", "发布"))
                    client(own.agency).import_(own.kind, bad, own.media, why=why("publish", "发布"))
                    client(own.agency).push_native(to, own.kind, bad, own.media, matter)
        for name in ("clue-transfer", "assist-request", "service-handover", "licence-query"):
            matter = "service-handover" if name == "service-handover" else "clue-transfer"
            matter = "licence-verify" if name == "licence-query" else matter
            answer = client("G03").push(network.uscc("G07"), name, why(matter, "核验"), message=message(name))
            self.assertEqual(answer.status, 202, answer)
            client("G07").await_item(answer.exchange)
            client("G07").ack(answer.exchange)
        person = records(id="CR0009")[0].subject
        client("G02").query("credit", {"idNo": person}, why("not-a-matter"))
        client("G02").query("credit", {"idNo": person + "\n"}, why("credit-check"))
        client("G02").post("/v1/queries", {"kind": "credit", "subject": {"idNo": person, person: 1}, "purpose": why("credit-check")})
        client("G02").request("GET", f"/v1/{person}")
        client("G02").request("GET", f"/v1/exchanges/{person}")
        client("G02").put("licence", record(records("licence", "sc")[2].id).id, b"{}", "application/json")
        # One that is too large for an entry of the log and stands in a blob.
        case = record("CA0001")
        large = case.native.replace("监督检查".encode("gb18030"), "陈文渝510902198503129972".encode("gb18030") * 4000, 1)
        self.assertEqual(client("G02").put("case", case.id, large, case.media, why=why("publish")).status, 200)
        for gateway in network.gateways.values():
            self.nothing_in(gateway.name + " metrics", gateway.admin("/metrics")[1].encode("utf-8"))
            self.assertEqual(gateway.stop(), 0)
            self.nothing_in(gateway.name + " log", gateway.stderr.read_bytes())
            files = [path for path in gateway.data.rglob("*") if path.is_file() and path.stat().st_size > 0]
            self.assertGreater(len(files), 3)
            # The search finds what is in plain: an agency's code is no secret.
            self.assertTrue(any(network.uscc("G02").encode() in path.read_bytes() for path in files if "log" in path.parts))
            for path in files:
                with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    self.nothing_in(str(path.relative_to(folder)), data)

    def nothing_in(self, where, data):
        for needle, name in personal().items():
            at = data.find(needle)
            self.assertEqual(at, -1, f"{name} in {where} at {at}: {bytes(data[max(0, at - 120):at + 60])!r}")


if __name__ == "__main__":
    sys.exit(unittest.main())
