"""Pushes of records and messages, the inbox, acknowledgement, and who sees where an exchange is."""
import base64
import datetime
import json
import sys
import threading
import time
import unittest
import uuid

from chuanyu_test import Network, message, purpose, record, record_codes, scratch, until

CASE = purpose("case-assist")
CLUE = purpose("clue-transfer")


def in_seconds(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()


class TwoProvinces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.network = Network(scratch(cls.addClassCleanup, "push"))
        cls.addClassCleanup(cls.network.close)

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client

    def uscc(self, name):
        return self.network.uscc(name)

    def clue(self, sender, to, **more):
        answer = sender.push(self.uscc(to), "clue-transfer", CLUE, message=message("clue-transfer"), **more)
        self.assertEqual(answer.status, 202, answer)
        return answer.exchange

    # --- records -----------------------------------------------------------------------------------------------------

    def test_records_both_ways(self):
        for sender, receiver, own in (("G02", "G07", record("CA0001")), ("G07", "G02", record("CA0006"))):
            there = own.cq if own.home == "sc" else own.sc
            answer = self.client(sender).push_native(self.uscc(receiver), "case", own.native, own.media, CASE)
            self.assertEqual((answer.status, answer.json["status"]), (202, "accepted"), answer)
            item = self.client(receiver).await_item(answer.exchange)
            self.assertEqual((item["type"], item["kind"], item["from"]["uscc"]), ("record", "case", self.uscc(sender)))
            self.assertEqual(item["purpose"]["matter"], "case-assist")
            if own.home == "sc":
                self.assertEqual(item["record"], json.loads(there))
            else:
                self.assertIn(base64.b64decode(item["record"]["base64"]), there)
            status = self.client(sender).await_status(answer.exchange, "delivered").json
            self.assertEqual(status["peerReceipt"]["index"], item["index"])
            self.assertEqual(self.client(receiver).ack(answer.exchange).status, 200)
            self.client(sender).await_status(answer.exchange, "acknowledged")
            self.assertEqual([i for i in self.client(receiver).inbox_all() if i["id"] == answer.exchange], [])

    def test_a_record_as_text_object_and_base64(self):
        own, sender, receiver = record("CA0001"), self.client("G02"), self.client("G07")
        text = own.native.decode("gb18030")
        for form in ({"recordText": text}, {"recordBase64": base64.b64encode(own.native).decode()}):
            answer = sender.push(self.uscc("G07"), "record", CASE, kind="case", **form)
            self.assertEqual(answer.status, 202, answer)
            self.assertEqual(receiver.await_item(answer.exchange)["record"], json.loads(own.cq))
            receiver.ack(answer.exchange)

    def test_within_a_province(self):
        own = record("CA0001")
        answer = self.client("G02").push_native(self.uscc("G03"), "case", own.native, own.media, CASE)
        self.assertEqual((answer.status, answer.json["status"]), (202, "delivered"), answer)
        [item] = [i for i in self.client("G03").inbox_all() if i["id"] == answer.exchange]
        self.assertIn(base64.b64decode(item["record"]["base64"]), own.sc)
        self.assertEqual(self.client("G03").ack(answer.exchange).status, 200)
        self.assertEqual(self.client("G02").status(answer.exchange).json["status"], "acknowledged")

    def test_what_a_status_means_arrives(self):
        """A record that may not be shown any more never becomes an active one on its way."""
        own, sender, receiver = record("CR0001"), self.client("G02"), self.client("G07")
        for word, code in (("有效", "10"), ("异议中", "11"), ("已撤销", "40"), ("临时屏蔽", "60")):
            native = own.native.replace(",有效,".encode("gb18030"), f",{word},".encode("gb18030"))
            answer = sender.push_native(self.uscc("G07"), "credit", native, "text/csv", purpose("credit-check"))
            self.assertEqual(answer.status, 202, answer)
            self.assertEqual(receiver.await_item(answer.exchange)["record"]["status"], code)
            receiver.ack(answer.exchange)

    # --- a record that comes back changed ------------------------------------------------------------------------------

    def test_an_edit_is_written_into_the_senders_own_bytes(self):
        """The partner's result stands in the old record; what the partner never saw is still there, byte for byte."""
        sichuan, chongqing = self.client("G02"), self.client("G07")
        old = (record("CA0001").native.decode("gb18030").replace("<案件标识>", "<!--内部--><案件标识>", 1)
               .replace("</案件>", "\n <内部流程 批次='7'><备注>5.00</备注></内部流程></案件>")
               .replace("<案件来源>监督检查</案件来源>", "<案件来源 ><![CDATA[监督检查]]></案件来源>"))
        sent = sichuan.push_native(self.uscc("G07"), "case", old.encode("gb18030"), record("CA0001").media, CASE)
        self.assertEqual(sent.status, 202, sent)
        edited = chongqing.await_item(sent.exchange)["record"]
        self.assertEqual(edited["case_status"], "80")
        edited.update(case_status="92", close_date="20250601")
        back = chongqing.push(self.uscc("G02"), "record", CASE, kind="case", record=edited, inReplyTo=sent.exchange)
        self.assertEqual(back.status, 202, back)
        item = sichuan.await_item(back.exchange)
        self.assertEqual(item["inReplyTo"], sent.exchange)
        wanted = (old.replace("<案件状态>已结案<", "<案件状态>终止调查<")
                  .replace("<结案日期>2025年4月20日<", "<结案日期>2025年6月1日<"))
        got = base64.b64decode(item["record"]["base64"]).decode("gb18030")
        self.assertEqual(got.strip(), wanted[wanted.index("<案件>"):wanted.index("</案件>") + 5].strip())

        # Nothing changed: the very bytes.
        edited.update(case_status="80", close_date="20250420")
        same = chongqing.push(self.uscc("G02"), "record", CASE, kind="case", record=edited, inReplyTo=sent.exchange)
        got = base64.b64decode(sichuan.await_item(same.exchange)["record"]["base64"]).decode("gb18030")
        self.assertEqual(got.strip(), old[old.index("<案件>"):old.index("</案件>") + 5].strip())

    def test_an_edit_within_a_province(self):
        sender, receiver = self.client("G02"), self.client("G03")
        old = record("CA0001").native
        sent = sender.push_native(self.uscc("G03"), "case", old, record("CA0001").media, CASE)
        edited = base64.b64decode(receiver.await_item(sent.exchange)["record"]["base64"]).decode("gb18030")
        edited = edited.replace("已结案", "执行中")
        back = receiver.push(self.uscc("G02"), "record", CASE, kind="case", inReplyTo=sent.exchange,
                             recordBase64=base64.b64encode(edited.encode("gb18030")).decode())
        self.assertEqual(back.status, 202, back)
        got = base64.b64decode(sender.await_item(back.exchange)["record"]["base64"])
        self.assertEqual(got.strip(), edited.encode("gb18030").strip())

    def test_an_edit_of_a_version_that_is_not_the_newest(self):
        sichuan, chongqing = self.client("G02"), self.client("G07")
        own = record("CA0001")
        self.assertIn(sichuan.publish(own, why=purpose("publish", "发布")).status, (200, 201))
        asked = chongqing.query("case", {"id": own.id}, CASE, owner=own.owner, waitSeconds=20)
        self.assertEqual(asked.json["count"], 1, asked)
        edited = asked.json["records"][0]
        edited["case_status"] = "92"
        fresh = chongqing.push(self.uscc("G02"), "record", CASE, kind="case", record=edited, inReplyTo=asked.exchange)
        item = sichuan.await_item(fresh.exchange)
        self.assertIn("<案件状态>终止调查<".encode("gb18030"), base64.b64decode(item["record"]["base64"]))

        neighbour = self.client("G03")
        at_home = neighbour.query("case", {"id": own.id}, CASE, owner=own.owner)
        newer = own.native.replace("已结案".encode("gb18030"), "执行中".encode("gb18030"))
        self.assertEqual(sichuan.put("case", own.id, newer, own.media, why=purpose("publish", "发布")).status, 200)
        late = chongqing.push(self.uscc("G02"), "record", CASE, kind="case", record=edited, inReplyTo=asked.exchange)
        self.assertEqual(late.status, 202, late)
        status = chongqing.await_status(late.exchange, "refused").json
        self.assertEqual(status["error"]["code"], "RECORD_RESIDUAL_STALE", status)
        again = at_home.json["records"][0]["base64"]
        late = neighbour.push(self.uscc("G02"), "record", CASE, kind="case", recordBase64=again, inReplyTo=at_home.exchange)
        self.assertEqual((late.status, late.code), (409, "RECORD_RESIDUAL_STALE"), late)

    # --- messages ----------------------------------------------------------------------------------------------------

    def test_a_conversation(self):
        sichuan, chongqing = self.client("G03"), self.client("G07")
        asked = self.clue(sichuan, "G07")
        item = chongqing.await_item(asked)
        self.assertEqual((item["type"], item["message"]), ("clue-transfer", message("clue-transfer")))
        self.assertNotIn("kind", item)
        reply = chongqing.push(self.uscc("G03"), "clue-receipt", CLUE, message=message("clue-receipt"), inReplyTo=asked)
        self.assertEqual(reply.status, 202, reply)
        self.assertEqual(chongqing.ack(asked).status, 200)
        item = sichuan.await_item(reply.exchange)
        self.assertEqual((item["inReplyTo"], item["message"]), (asked, message("clue-receipt")))
        sichuan.await_status(asked, "acknowledged")
        sichuan.ack(reply.exchange)

    def test_every_message_that_policy_knows(self):
        sender, receiver = self.client("G03"), self.client("G07")
        why = {"credit": purpose("credit-check"), "licence": purpose("licence-verify", "核验"), "service": purpose("service-handover")}
        sent = {}
        for name, matter in (("clue-transfer", CLUE), ("assist-request", CLUE), ("joint-case", CLUE),
                             ("service-handover", why["service"]), ("credit-query", why["credit"]),
                             ("licence-query", why["licence"]), ("recall", why["credit"]), ("correction", why["credit"])):
            answer = sender.push(self.uscc("G07"), name, matter, message=message(name))
            self.assertEqual(answer.status, 202, (name, answer))
            sent[answer.exchange] = name
        for exchange, name in sent.items():
            self.assertEqual(receiver.await_item(exchange)["message"], message(name))
            receiver.ack(exchange)

    # --- the inbox ---------------------------------------------------------------------------------------------------

    def test_pages_and_order(self):
        sender, receiver = self.client("G02"), self.client("G12")
        sent = [self.clue(sender, "G12") for _ in range(7)]
        until(lambda: len(receiver.inbox_all()) == 7, "seven items")
        seen, after = [], None
        while True:
            page = receiver.inbox(after=after, limit=3).json
            if not page["items"]:
                break
            self.assertLessEqual(len(page["items"]), 3)
            seen += [item["id"] for item in page["items"]]
            after = page["next"]
        self.assertEqual(seen, sent)  # in the order in which they were accepted
        self.assertEqual(receiver.inbox(after=after).json["next"], after)
        for exchange in sent[::2]:
            receiver.ack(exchange)
        self.assertEqual([i["id"] for i in receiver.inbox_all()], sent[1::2])

    def test_acknowledging_again(self):
        sender, receiver = self.client("G02"), self.client("G10")
        exchange = self.clue(sender, "G10")
        receiver.await_item(exchange)
        self.assertEqual(self.client("G07").ack(exchange).status, 404)  # not the receiver
        first = receiver.ack(exchange)
        self.assertEqual(receiver.ack(exchange).json, first.json)
        self.assertEqual(sender.ack(exchange).status, 404)  # nor the sender

    def test_long_poll_wakes(self):
        receiver, answers = self.client("G08"), []
        poll = threading.Thread(target=lambda: answers.append(receiver.inbox(wait=25)))
        poll.start()
        until(lambda: self.network.cq.metric("chuanyu_connections") >= 1, "the poll's connection")
        began = time.monotonic()
        exchange = self.clue(self.client("G02"), "G08")
        poll.join(25)
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual([item["id"] for item in answers[0].json["items"]], [exchange])

    def test_long_poll_ends(self):
        began = time.monotonic()
        answer = self.client("G14").inbox(wait=1)
        self.assertEqual((answer.status, answer.json["items"]), (200, []))
        self.assertGreaterEqual(time.monotonic() - began, 0.9)

    # --- who sees what -----------------------------------------------------------------------------------------------

    def test_status_is_for_the_parties(self):
        sender, receiver = self.client("G02"), self.client("G07")
        exchange = self.clue(sender, "G07")
        receiver.await_item(exchange)
        for name, status in (("G02", 200), ("G07", 200), ("sc-auditor", 200), ("cq-auditor", 200), ("sc-operator", 200),
                             ("G03", 404), ("G10", 404)):
            self.assertEqual(self.client(name).status(exchange).status, status, name)
        self.assertEqual([i for i in self.client("G10").inbox_all() if i["id"] == exchange], [])

    def test_repeated(self):
        sender, key = self.client("G02"), str(uuid.uuid4())
        send = lambda: sender.push(self.uscc("G07"), "clue-transfer", CLUE, key=key, message=message("clue-transfer"))  # noqa: E731
        first = send()
        receiver = self.client("G07")
        receiver.await_item(first.exchange)
        again = send()
        self.assertEqual((again.status, again.json), (first.status, first.json))
        self.assertEqual(len([i for i in receiver.inbox_all() if i["id"] == first.exchange]), 1)


class Ends(unittest.TestCase):
    """What becomes of a push that does not arrive."""

    def setUp(self):
        self.network = Network(scratch(self.addCleanup, "ends"), started=False)
        self.addCleanup(self.network.close)

    def clue(self, sender, **more):
        answer = sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, message=message("clue-transfer"), **more)
        self.assertEqual(answer.status, 202, answer)
        return answer.exchange

    def test_expired(self):
        self.network.sc.start()
        sender = self.network.client("G02")
        late, patient = self.clue(sender, expiresAt=in_seconds(1)), self.clue(sender)
        status = sender.await_status(late, "expired").json
        self.assertEqual(status["error"]["code"], "PEER_EXPIRED")
        self.network.cq.start()
        receiver = self.network.client("G07")
        receiver.await_item(patient)  # the stream goes on behind it
        self.assertEqual([i["id"] for i in receiver.inbox_all()], [patient])

    def test_refused_by_the_receivers_gateway(self):
        self.network.cq.policy.write_text(json.dumps({"version": "1", "rules": [
            {"id": "only-assist", "effect": "allow", "verbs": ["push"], "what": ["assist-request"], "from": {"region": ["51"]}}]}),
            encoding="utf-8")
        self.network.start()
        sender = self.network.client("G02")
        refused = self.clue(sender)
        status = sender.await_status(refused, "refused").json
        self.assertEqual(status["error"]["code"], "CLIENT_POLICY_DENIED")
        self.assertNotIn("only-assist", json.dumps(status))
        answer = sender.push(self.network.uscc("G07"), "assist-request", CLUE, message=message("assist-request"))
        self.network.client("G07").await_item(answer.exchange)  # a refusal does not block the stream
        self.assertEqual([i["id"] for i in self.network.client("G07").inbox_all()], [answer.exchange])

    def test_large_records(self):
        """Records near the limit of a body, several of them in one parcel, some longer in the other character set."""
        self.network.sc.start()
        sender, own = self.network.client("G02"), record("CA0001")
        sent = []
        for n in range(4):
            large = own.native.replace("监督检查".encode("gb18030"), ("长" * (450_000 + n)).encode("gb18030"), 1)
            answer = sender.push_native(self.network.uscc("G07"), "case", large, own.media, CASE)
            self.assertEqual(answer.status, 202, answer)
            sent.append(answer.exchange)
        self.network.cq.start()
        receiver, seen, after = self.network.client("G07"), [], None
        while len(seen) < 4:
            page = receiver.inbox(after=after, wait=20).json
            self.assertTrue(page["items"], self.network.sc.tail())
            seen += page["items"]
            after = page["next"]
        self.assertEqual([item["id"] for item in seen], sent)
        self.assertEqual([len(item["record"]["case_source"]) for item in seen], [450_000 + n for n in range(4)])

    def test_peer_away_and_back(self):
        self.network.sc.start()
        sender = self.network.client("G02")
        sent = [self.clue(sender) for _ in range(20)]
        self.assertEqual(sender.status(sent[0]).json["status"], "accepted")
        self.network.sc.kill()
        self.network.cq.start()
        self.network.sc.start()
        receiver = self.network.client("G07")
        until(lambda: len(receiver.inbox_all()) >= 20, "twenty items")
        self.assertEqual([i["id"] for i in receiver.inbox_all()], sent)
        until(lambda: self.network.sc.metric("chuanyu_peer_up", peer="cq") == 1, "the peer counted as up")


def tearDownModule():
    record_codes("push")


if __name__ == "__main__":
    sys.exit(unittest.main())
