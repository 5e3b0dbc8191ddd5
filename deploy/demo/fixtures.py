#!/usr/bin/env python3
"""Cuts the thirty fixture records into one file each, for the demo and the tests.

fixtures.py OUT    writes, for each record, the file its owner publishes and the file the other province must get:

  OUT/<kind>/<n>/sc.<ext>  the record as a Sichuan document of one record (bytes as in the fixture file)
  OUT/<kind>/<n>/cq.<ext>  the same record as a Chongqing document
  OUT/records.tsv          kind, n, id, home (sc|cq), owner's USCC, owner's key in ids.json, sc file, cq file, shown (0|1), subject

`shown` says whether the record may be shown to others today (profiles.md 6.6: credit ACTIVE or DISPUTED, publication not over).
fixtures.py --compare A B    exit 0 when two native files say the same: JSON by value and order of keys, XML and CSV by bytes.
"""
import datetime
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = {
    # kind: canonical id, canonical owner, {province: fixture file}
    "credit": ("recordId", ("authority", "uscc"), {"sc": "sc_credit.gb18030.csv", "cq": "cq_credit.json"}),
    "licence": ("certId", ("issuer", "uscc"), {"sc": "sc_licence.json", "cq": "cq_licence.xml"}),
    "case": ("caseId", ("agency", "uscc"), {"sc": "sc_case.gb18030.xml", "cq": "cq_case.json"}),
}
RECORD_ELEMENT = {"sc_case.gb18030.xml": "案件".encode("gb18030"), "cq_licence.xml": b"Certificate"}


def find(name):
    """The fixture file of that name, wherever its owner keeps it."""
    for folder in ("schemas/fixtures", "adapters/sichuan", "adapters/chongqing", "adapters"):
        for path in sorted((ROOT / folder).rglob(name)):
            return path
    sys.exit(f"没有找到样例文件 {name}")


def cut(name):
    """The documents of one record each, as bytes, in order."""
    data = find(name).read_bytes()
    if name.endswith(".json"):
        records = json.loads(data.decode("utf-8"))
        return [json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8") + b"\n" for record in records]
    if name.endswith(".csv"):
        header, *rows = data.split(b"\r\n")
        return [header + b"\r\n" + row + b"\r\n" for row in rows if row]
    tag = RECORD_ELEMENT[name]
    pattern = b"<" + tag + rb"(?: [^>]*)?>.*?</" + tag + b">"
    found = list(re.finditer(pattern, data, re.S))
    head, tail = data[:found[0].start()], data[found[-1].end():]
    return [head + match.group(0) + tail for match in found]


def canonical(kind):
    return json.loads(find(f"canonical_{kind}.json").read_text(encoding="utf-8"))


def shown(kind, record, today):
    if kind != "credit":
        return True
    until = record.get("publishUntil")
    return record["status"] in ("ACTIVE", "DISPUTED") and (until is None or until >= today)


def subject_of(kind, record):
    if kind == "credit":
        return record["subject"].get("uscc") or record["subject"]["idNo"]
    if kind == "licence":
        return record["holders"][0]["code"]
    return record["parties"][0].get("uscc") or record["parties"][0]["idNo"]


def write_all(out):
    today = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date().isoformat()
    agencies = {a["uscc"]: key for key, a in json.loads(find("ids.json").read_text(encoding="utf-8"))["agencies"].items()}
    lines = []
    for kind, (id_key, owner_path, files) in KINDS.items():
        documents = {province: cut(name) for province, name in files.items()}
        for n, record in enumerate(canonical(kind)):
            owner = record[owner_path[0]][owner_path[1]]
            paths = {}
            for province, name in files.items():
                path = out / kind / str(n) / (province + pathlib.Path(name).suffix)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(documents[province][n])
                paths[province] = str(path)
            home = "sc" if owner[2:4] == "51" else "cq"
            lines.append("\t".join([kind, str(n), record[id_key], home, owner, agencies[owner], paths["sc"], paths["cq"],
                                    "1" if shown(kind, record, today) else "0", subject_of(kind, record)]))
    (out / "records.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def native(path):
    """What a native file says, in a form that can be compared."""
    data = pathlib.Path(path).read_bytes()
    if data[:1] not in (b"{", b"["):
        return data
    value = json.loads(data.decode("utf-8"))
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return json.dumps(value, ensure_ascii=False)  # keeps the order of keys


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--compare":
        return 0 if native(sys.argv[2]) == native(sys.argv[3]) else 1
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else 2
    write_all(pathlib.Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
