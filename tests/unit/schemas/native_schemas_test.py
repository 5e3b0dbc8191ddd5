#!/usr/bin/env python3
"""The native schemas against the fixtures, and the code sets against each other.

usage: native_schemas_test.py SOURCE_DIR

JSON Schema is checked by the few keywords that our schemas use, XSD by xmllint, so that no package beyond Debian's is
needed. Each schema must accept every fixture and refuse spoilt copies of them.
"""
import copy
import csv
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile

top = pathlib.Path(sys.argv[1])
failures = []
KEYWORDS = {"$schema", "$id", "title", "description", "type", "properties", "required", "additionalProperties",
            "patternProperties", "items", "pattern", "enum", "minLength", "maxLength"}
TYPES = {"string": str, "object": dict, "array": list, "null": type(None)}


def check(condition, what):
    if not condition:
        failures.append(what)


def json_faults(value, schema, at=""):
    """JSON Schema 2020-12, restricted to KEYWORDS; returns the places that do not fit."""
    unknown = set(schema) - KEYWORDS
    assert not unknown, f"schema keyword without a check: {unknown}"
    types = schema.get("type", list(TYPES))
    types = types if isinstance(types, list) else [types]
    if not any(isinstance(value, TYPES[t]) for t in types):
        return [f"{at}: type"]
    faults = []
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{at}: enum")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            faults.append(f"{at}: pattern")
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            faults.append(f"{at}: length")
    if isinstance(value, dict):
        faults += [f"{at}/{name}: required" for name in schema.get("required", []) if name not in value]
        for name, inner in value.items():
            for pattern, sub in schema.get("patternProperties", {}).items():
                if re.search(pattern, name):
                    faults += json_faults(inner, sub, f"{at}/{name}")
            if name in schema.get("properties", {}):
                faults += json_faults(inner, schema["properties"][name], f"{at}/{name}")
    if isinstance(value, list) and "items" in schema:
        for i, inner in enumerate(value):
            faults += json_faults(inner, schema["items"], f"{at}/{i}")
    return faults


def check_json(profile, fixture, spoil):
    schema = json.loads((top / f"schemas/native/{profile}.schema.json").read_text("utf-8"))
    records = json.loads((top / fixture).read_text("utf-8"))
    check(len(records) == 10, f"{fixture}: ten records")
    for i, record in enumerate(records):
        faults = json_faults(record, schema)
        check(not faults, f"{profile} record {i}: {faults}")
    for place, change in spoil.items():
        bad = copy.deepcopy(records[0])
        change(bad)
        faults = json_faults(bad, schema)
        check(any(f.startswith(place) for f in faults), f"{profile}: a spoilt {place} must be refused, got {faults}")


def csv_faults(rows, schema):
    names = [c["name"] for c in schema["columns"]]
    if rows[0] != names:
        return ["header"]
    faults = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            faults.append(f"row {number}: columns")
            continue
        for column, cell in zip(schema["columns"], row):
            where = f"row {number} {column['name']}"
            if cell == "":
                faults += [f"{where}: required"] if column["required"] else []
            elif "pattern" in column and not re.search(column["pattern"], cell):
                faults.append(f"{where}: pattern")
            elif len(cell) > column.get("maxLength", len(cell)):
                faults.append(f"{where}: length")
    return faults


def check_csv(profile, fixture):
    schema = json.loads((top / f"schemas/native/{profile}.csv-schema.json").read_text("utf-8"))
    data = (top / fixture).read_bytes()
    check(data.count(b"\r\n") == data.count(b"\n"), f"{fixture}: CRLF")
    rows = list(csv.reader(io.StringIO(data.decode("gb18030"), newline="")))
    check(len(rows) == 11, f"{fixture}: a header and ten rows")
    check(not csv_faults(rows, schema), f"{profile}: {csv_faults(rows, schema)}")
    check(len(schema["columns"]) == 28, f"{profile}: 28 columns")
    bad = copy.deepcopy(rows)
    bad[1][15] = "2025-03-12"
    bad[2].pop()
    bad[3][0] = ""
    check(csv_faults(bad, schema) == ["row 2 RDRQ: pattern", "row 3: columns", "row 4 XXBS: required"],
          f"{profile}: spoilt rows: {csv_faults(bad, schema)}")


def xml_accepts(profile, path):
    command = ["xmllint", "--nonet", "--noout", "--schema", str(top / f"schemas/native/{profile}.xsd"), str(path)]
    return subprocess.run(command, capture_output=True).returncode == 0


def check_xml(profile, fixture, charset, old, new):
    check(xml_accepts(profile, top / fixture), f"{fixture} must validate")
    with tempfile.NamedTemporaryFile(suffix=".xml") as bad:
        text = (top / fixture).read_bytes().decode(charset)
        check(old in text, f"{fixture}: {old}")
        bad.write(text.replace(old, new, 1).encode(charset))
        bad.flush()
        check(not xml_accepts(profile, bad.name), f"{profile}: {new} must be refused")


def check_codes():
    """schemas/codes is the reference; what a province's mapping says must agree with it."""
    protos = "".join(p.read_text("utf-8") for p in (top / "schemas/canonical").glob("*.proto"))
    names = {"penalty_kind": "penalty"}
    for path in sorted((top / "schemas/codes").glob("*.json")):
        if path.stem == "regions":
            continue
        codes = json.loads(path.read_text("utf-8"))
        rows = codes["rows"]
        check(len({r["canonical"] for r in rows}) == len(rows), f"{path.name}: canonical names are unique")
        if "enum" in codes:
            enum = codes["enum"].rsplit(".", 1)[1]
            body = re.search(r"enum %s \{(.*?)\n\}" % enum, protos, re.S).group(1)
            prefix = re.search(r"(\w+_)UNSPECIFIED", body).group(1)
            declared = set(re.findall(r"\b%s(\w+) = [1-9]" % prefix, body))
            check({r["canonical"] for r in rows} <= declared, f"{path.name}: names of {enum}")
            check(declared - {r["canonical"] for r in rows} <= {codes.get("other")}, f"{path.name}: every value of {enum}")
        for side, folder in (("sc", "sichuan"), ("cq", "chongqing")):
            file = top / "adapters" / folder / "codes" / (names.get(path.stem, path.stem) + ".json")
            if not file.exists():
                continue
            mapping = json.loads(file.read_text("utf-8"))
            preferred = {}
            for native, canonical in mapping["pairs"]:
                preferred.setdefault(canonical, native)
            preferred.update(mapping.get("prefer", {}))
            for row in rows:
                if row["canonical"] in preferred:
                    check(preferred[row["canonical"]] == row[side], f"{file.name} of {folder}: {row['canonical']}")
                else:
                    check("back_gap" in mapping, f"{file.name} of {folder}: {row['canonical']} has no text and no back_gap")


check_json("cq.credit.v1", "adapters/chongqing/fixtures/cq_credit.json", {
    "/status": lambda r: r.update(status="12"),
    "/recordId": lambda r: r.pop("recordId"),
    "/decision/date": lambda r: r["decision"].update(date="20250312"),
    "/decision/fineYuan": lambda r: r["decision"].update(fineYuan="1.234"),
    "/subject/areaCode": lambda r: r["subject"].update(areaCode="510903"),
})
check_json("sc.licence.v1", "adapters/sichuan/fixtures/sc_licence.json", {
    "/ZZBS": lambda r: r.update(ZZBS="1.2.3"),
    "/ZZYXQJZRQ": lambda r: r.update(ZZYXQJZRQ="永久"),
    "/ZZBB": lambda r: r.pop("ZZBB"),
    "/KZ_X": lambda r: r.update(KZ_X=["a"]),
})
check_json("cq.case.v1", "adapters/chongqing/fixtures/cq_case.json", {
    "/case_status": lambda r: r.update(case_status="81"),
    "/fine": lambda r: r.update(fine="1.2345678"),
    "/admin_cp/0/admin_cp_type": lambda r: r["admin_cp"][0].update(admin_cp_type="9"),
    "/evidences/0/title": lambda r: r["evidences"][0].pop("title"),
})
check_csv("sc.credit.v1", "adapters/sichuan/fixtures/sc_credit.gb18030.csv")
check_xml("cq.licence.v1", "adapters/chongqing/fixtures/cq_licence.xml", "utf-8",
          "<CertificateStatus>01</CertificateStatus>", "<CertificateStatus>1</CertificateStatus>")
check_xml("sc.case.v1", "adapters/sichuan/fixtures/sc_case.gb18030.xml", "gb18030",
          "<立案日期>2024年12月3日</立案日期>", "<立案日期>2024-12-03</立案日期>")
check_codes()

for failure in failures:
    print("FAIL", failure)
print("native schemas:", "failed" if failures else "ok")
sys.exit(1 if failures else 0)
