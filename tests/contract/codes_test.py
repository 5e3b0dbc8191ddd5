"""Every code of the caller's and of the record's that has an HTTP status is seen by a test, or says here why it cannot be."""
import json
import re
import sys
import unittest

from chuanyu_test import CODES_FOLDER, SOURCE

NOT_SEEN = {
    "CLIENT_LENGTH_REQUIRED": "a request without a length has no body (RFC 9112 6.3)",
    "RECORD_CHARSET_UNMAPPABLE": "all six profiles have a character set that holds all of Unicode",
    "RECORD_LAW_PUTGET": "the six mappings keep the law (adapters_test Put shows one that does not)",
    "RECORD_MODIFIER_UNREPRESENTABLE": "both provinces' formats have a word for every status",
}


class Codes(unittest.TestCase):
    def test_each_was_seen(self):
        table = (SOURCE / "gateway/base/error_codes.def").read_text(encoding="utf-8")
        known = {name for name, status in re.findall(r"^CHUANYU_ERROR\((\w+), (\d+),", table, re.M)
                 if int(status) and name.startswith(("CLIENT_", "RECORD_"))}
        seen = set()
        for path in sorted(CODES_FOLDER.glob("*.json")):
            seen |= set(json.loads(path.read_text(encoding="ascii")))
        print("seen:", " ".join(sorted(seen & known)))
        print("not seen:", " ".join(sorted(known - seen)))
        self.assertEqual(sorted(known - seen - set(NOT_SEEN)), [])
        self.assertEqual(sorted(seen & set(NOT_SEEN)), [], "seen after all: strike it from the list")


if __name__ == "__main__":
    sys.exit(unittest.main())
