"""Records that cannot be taken: each fault of content has its own code and names its place; nothing of them is published."""
import json
import sys
import unittest

from chuanyu_test import Network, Steady, purpose, record, record_codes, scratch

CSV, XML, JSON = "text/csv", "application/xml", "application/json"
DEEP = 200


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "bad-record")
        cls.network = Network(folder, config={"limits.body_bytes": 4_000_000}, started=False)
        cls.addClassCleanup(cls.network.close)
        gateway = cls.network.gateways[cls.GATEWAY].start()
        cls.agency = cls.network.client(cls.AGENCY)
        cls.healthy = cls.network.client(cls.HEALTHY, gateway)
        why = purpose("credit-check")
        cls.steady = Steady(lambda: cls.healthy.query("credit", {"id": "none"}, why).json["count"] == 0)
        cls.addClassCleanup(cls.steady.stop)

    def setUp(self):
        self.mark = self.steady.mark()

    def tearDown(self):
        self.steady.check(self, self.mark)

    def refused(self, body, code, pointer=None, status=422):
        """PUT of these bytes is refused with that code, at that place, and leaves nothing that a query finds."""
        good = record(self.RECORD)
        answer = self.agency.put(good.kind, good.id, body, good.media)
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        if pointer is not None:
            self.assertEqual(answer.json.get("pointer"), pointer, answer)
        self.assertTrue(answer.json["title"] and answer.json["titleEn"] and answer.json["advice"])
        self.assertRegex(answer.json["exchangeId"], r"^[0-9a-f-]{36}$")  # its entry in the log
        for number in ("91510903MADEM0011H", "91500152MADEM0062B", "510902198503129972", "陈文渝"):
            self.assertNotIn(number, answer.body.decode("utf-8"))
        matter = {"credit": "credit-check", "licence": "licence-verify", "case": "case-assist"}[good.kind]
        found = self.agency.query(good.kind, {"id": good.id}, purpose(matter, "核验"))
        self.assertEqual((found.status, found.json["count"]), (200, 0), found)
        return answer


class Json(Base):
    """Chongqing's credit records: JSON, UTF-8."""
    GATEWAY, AGENCY, HEALTHY, RECORD = "cq", "G06", "G10", "CR0007"

    def changed(self, change):
        document = json.loads(record(self.RECORD).native)
        change(document)
        return json.dumps(document, ensure_ascii=False).encode("utf-8")

    def test_malformed(self):
        self.refused(b'{"recordId": "CR0007",, }', "RECORD_PARSE")
        self.refused(b'{"recordId": CR0007}', "RECORD_PARSE")
        self.refused(b"[1, 2", "RECORD_TRUNCATED")
        self.refused(b"\x00\x01", "RECORD_TYPE")
        self.refused(b"true", "RECORD_TYPE")

    def test_truncated(self):
        native = record(self.RECORD).native
        for size in (10, 100, len(native) // 2, len(native) - 4):
            whole_characters = native[:size].decode("utf-8", "ignore").encode("utf-8")
            self.refused(whole_characters, "RECORD_TRUNCATED")
        self.refused(b"", "RECORD_TRUNCATED")
        self.refused(b"   \n", "RECORD_TRUNCATED")

    def test_oversized(self):
        self.refused(self.changed(lambda d: d.update(remark="长" * 50_000)), "RECORD_TOO_LARGE")

    def test_deeply_nested(self):
        deep = b'{"recordId": "CR0007", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}"
        self.refused(deep, "RECORD_TOO_DEEP")
        self.refused(b'{"a":' * 10_000, "RECORD_TOO_DEEP")

    def test_duplicate_key(self):
        body = record(self.RECORD).native.replace(b'"status"', b'"status": "20", "status"', 1)
        self.refused(body, "RECORD_DUPLICATE_KEY", "/status")

    def test_not_utf_8(self):
        body = record(self.RECORD).native.replace("重庆".encode(), "重庆".encode("gb18030"), 1)
        self.refused(body, "RECORD_CHARSET")
        self.refused(record(self.RECORD).native.replace(b"CR0007", b"CR\xed\xa0\x80", 1), "RECORD_CHARSET")

    def test_unknown_code(self):
        self.refused(self.changed(lambda d: d.update(status="99")), "RECORD_CODE_UNKNOWN", "/status")
        self.refused(self.changed(lambda d: d["list"].update(kind="Z")), "RECORD_CODE_UNKNOWN", "/list/kind")

    def test_missing_mandatory_field(self):
        self.refused(self.changed(lambda d: d["list"].pop("kind")), "RECORD_FIELD_MISSING", "/list/kind")
        self.refused(self.changed(lambda d: d["decision"].update(reason="")), "RECORD_FIELD_MISSING", "/decision/reason")
        self.refused(self.changed(lambda d: d["decision"].pop("organ")), "RECORD_FIELD_MISSING")
        self.refused(b"{}", "RECORD_FIELD_MISSING")

    def test_check_digit(self):
        self.refused(self.changed(lambda d: d["subject"].update(creditCode="91500112MADEM00709")), "RECORD_CHECK_DIGIT",
                     "/subject/creditCode")
        self.refused(self.changed(lambda d: d["subject"]["legalPerson"].update(certNo="510902198503129971")),
                     "RECORD_CHECK_DIGIT", "/subject/legalPerson/certNo")

    def test_malformed_identifier(self):
        self.refused(self.changed(lambda d: d["subject"].update(creditCode="ABC")), "RECORD_IDENTIFIER", "/subject/creditCode")

    def test_region(self):
        self.refused(self.changed(lambda d: d["subject"].update(areaCode="999999000000")), "RECORD_REGION",
                     "/subject/areaCode")

    def test_amount(self):
        for amount in ("99999999999999999999.00", "1.234", "-1.00", "1e5", "一百", "1,000.00"):
            self.refused(self.changed(lambda d, a=amount: d["decision"].update(fineYuan=a)), "RECORD_AMOUNT",
                         "/decision/fineYuan")

    def test_date(self):
        for date in ("2025-02-30", "2025-13-01", "2025-2-3", "20250203", "2025-02-29", "0000-00-00"):
            self.refused(self.changed(lambda d, t=date: d["decision"].update(date=t)), "RECORD_DATE", "/decision/date")

    def test_type(self):
        self.refused(self.changed(lambda d: d.update(recordId={"a": 1})), "RECORD_TYPE", "/recordId")
        self.refused(self.changed(lambda d: d.update(list="B")), "RECORD_TYPE", "/list")

    def test_not_one_record(self):
        native = record(self.RECORD).native
        self.refused(b"[" + native + b"," + native + b"]", "RECORD_VALUE")
        self.refused(b"[]", "RECORD_TRUNCATED")

    def test_not_the_owner(self):
        other = json.loads(record(self.RECORD).native)
        other["decision"]["organ"]["creditCode"] = self.network.uscc("G10")
        self.refused(json.dumps(other).encode(), "CLIENT_NOT_OWNER", status=403)

    def test_other_id_than_the_path(self):
        self.refused(self.changed(lambda d: d.update(recordId="CR9999")), "CLIENT_RECORD_ID_MISMATCH")

    def test_parallel_lists(self):
        good = record("CA0007")
        body = json.loads(good.native)
        body["check_person"], body["check_person_code"] = "甲,乙", "23090100001"
        answer = self.agency.put("case", good.id, json.dumps(body).encode(), JSON)
        self.assertEqual((answer.status, answer.code), (422, "RECORD_LIST_LENGTH"), answer)


class Xml(Base):
    """Sichuan's cases: XML, GB18030."""
    GATEWAY, AGENCY, HEALTHY, RECORD = "sc", "G02", "G03", "CA0001"

    def replaced(self, old, new):
        native = record(self.RECORD).native
        old, new = old.encode("gb18030"), new.encode("gb18030")
        self.assertIn(old, native)
        return native.replace(old, new, 1)

    def test_malformed(self):
        self.refused(self.replaced("</案件来源>", "</案件来源了>"), "RECORD_PARSE")
        self.refused(self.replaced("<案件来源>", "<案件来源 a=b>"), "RECORD_PARSE")
        self.refused("<案件集>hello</案件集>".encode("gb18030"), "RECORD_PARSE")

    def test_truncated(self):
        native = record(self.RECORD).native
        for size in (len(native) // 3, len(native) // 2, len(native) - 30):
            answer = self.agency.put("case", self.RECORD, native[:size], XML)
            self.assertIn(answer.code, ("RECORD_TRUNCATED", "RECORD_CHARSET"), answer)  # a cut may split a character
        self.refused(native[:native.index("<案件来源>".encode("gb18030"))], "RECORD_TRUNCATED")

    def test_dtd(self):
        bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'
        self.refused(self.replaced("<案件集>", bomb + "<案件集>"), "RECORD_XML_FORBIDDEN")
        self.refused(self.replaced("<案件集>", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><案件集>'), "RECORD_XML_FORBIDDEN")

    def test_entity(self):
        self.refused(self.replaced("<案件来源>监督检查", "<案件来源>&secret;"), "RECORD_XML_FORBIDDEN")

    def test_deeply_nested(self):
        deep = "<a>" * DEEP + "</a>" * DEEP
        self.refused(self.replaced("<案件来源>", deep + "<案件来源>"), "RECORD_TOO_DEEP")

    def test_oversized(self):
        # The request passes the gateway's limit of a body; the record is beyond the format's.
        self.refused(self.replaced("<案件来源>监督检查", "<案件来源>" + "长" * 600_000), "RECORD_TOO_LARGE")

    def test_element_twice(self):
        self.refused(self.replaced("<案件来源>", "<案件标识>CA0001</案件标识><案件来源>"), "RECORD_DUPLICATE_KEY")

    def test_not_gb18030(self):
        native = record(self.RECORD).native
        self.refused(native.replace("监督检查".encode("gb18030"), b"\xff\xff\x80", 1), "RECORD_CHARSET")
        self.refused(native.replace("监督检查".encode("gb18030"), "监督检查".encode(), 1).replace(b"</", b"\x81</", 3),
                     "RECORD_CHARSET")

    def test_values(self):
        self.refused(self.replaced("<案件状态>已结案", "<案件状态>不知道"), "RECORD_CODE_UNKNOWN", "案件状态")
        self.refused(self.replaced("150000.00</罚款金额元>", "150000.001</罚款金额元>"), "RECORD_AMOUNT", "罚款金额元")
        self.refused(self.replaced("2025年3月12日", "2025年2月30日"), "RECORD_DATE", "决定日期")
        self.refused(self.replaced("<案件编号>遂市监案〔2025〕45号</案件编号>", ""), "RECORD_FIELD_MISSING", "案件编号")
        self.refused(self.replaced("91510903MADEM0011H", "91510903MADEM0011J"), "RECORD_CHECK_DIGIT")


class Csv(Base):
    """Sichuan's credit records: CSV, GB18030, a header line."""
    GATEWAY, AGENCY, HEALTHY, RECORD = "sc", "G02", "G03", "CR0001"

    def lines(self):
        header, row = record(self.RECORD).native.decode("gb18030").split("\r\n")[:2]
        return header.split(","), row.split(",")

    def changed(self, **values):
        header, row = self.lines()
        for column, value in values.items():
            row[header.index(column)] = value
        return self.joined(header, row)

    @staticmethod
    def joined(header, row):
        return (",".join(header) + "\r\n" + ",".join(row) + "\r\n").encode("gb18030")

    def test_ragged_row(self):
        header, row = self.lines()
        self.refused(self.joined(header, row[:-1]), "RECORD_RAGGED_ROW")
        self.refused(self.joined(header, row + ["more"]), "RECORD_RAGGED_ROW")

    def test_header(self):
        header, row = self.lines()
        self.refused(self.joined(header + ["NEW"], row + ["x"]), "RECORD_FIELD_UNKNOWN")
        self.refused(self.joined(header + ["ZT"], row + [""]), "RECORD_DUPLICATE_KEY")
        self.refused(self.joined(header, []).split(b"\r\n")[0] + b"\r\n", "RECORD_TRUNCATED")

    def test_open_quote(self):
        self.refused(self.changed(LRSY='"没有结束'), "RECORD_TRUNCATED")

    def test_not_gb18030(self):
        self.refused(record(self.RECORD).native.replace("黑名单".encode("gb18030"), b"\x80\xff", 1), "RECORD_CHARSET")

    def test_values(self):
        self.refused(self.changed(ZT="不知道"), "RECORD_CODE_UNKNOWN", "ZT")
        self.refused(self.changed(FKJE="15.0000001"), "RECORD_AMOUNT", "FKJE")
        self.refused(self.changed(FKJE="9" * 30), "RECORD_AMOUNT", "FKJE")
        self.refused(self.changed(RDRQ="2025/02/30"), "RECORD_DATE", "RDRQ")
        self.refused(self.changed(MDMC=""), "RECORD_FIELD_MISSING", "MDMC")
        self.refused(self.changed(TYSHXYDM="91510903MADEM0011J"), "RECORD_CHECK_DIGIT", "TYSHXYDM")
        self.refused(self.changed(FR_ZJHM="510902198503129971"), "RECORD_CHECK_DIGIT", "FR_ZJHM")
        self.refused(self.changed(RDJGDM=self.network.uscc("G03")), "CLIENT_NOT_OWNER", status=403)


class Checks(unittest.TestCase):
    """What a failed check does is configuration, by source."""

    def test_warn_and_quarantine(self):
        folder = scratch(self.addCleanup, "checks")
        network = Network(folder, started=False)
        self.addCleanup(network.close)
        network.sc.config["checks"] = {"*": {"id_number": "quarantine"}, network.uscc("G02"): {"id_number": "warn"}}
        network.sc.start()
        good = record("CR0001")
        wrong = good.native.replace(b"510902198503129972", b"510902198503129971")
        answer = network.client("G02").put("credit", good.id, wrong, CSV)
        self.assertEqual(answer.status, 201, answer)
        self.assertIn("RECORD_CHECK_DIGIT", [note.get("code") for note in answer.json["notes"]])
        theirs = wrong.replace(network.uscc("G02").encode(), network.uscc("G03").encode())
        answer = network.client("G03").put("credit", good.id, theirs, CSV)
        self.assertEqual((answer.status, answer.code), (422, "RECORD_QUARANTINED"), answer)


def tearDownModule():
    record_codes("bad_record")


if __name__ == "__main__":
    sys.exit(unittest.main())
