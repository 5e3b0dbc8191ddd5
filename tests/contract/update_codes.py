#!/usr/bin/env python3
"""Writes the error answers of schemas/openapi.yaml from gateway/base/error_codes.def.

update_codes.py          rewrites the block between the two "# codes:" lines
update_codes.py --check  only says whether the block is what it should be (exit 1 when it is not)
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
YAML = ROOT / "schemas" / "openapi.yaml"
TITLES = {400: "请求格式有误", 403: "不允许", 404: "没有这一对象、接口或类别", 405: "方法不对", 406: "不能以所要求的格式应答",
          408: "请求超时", 409: "幂等键冲突，或状态不允许", 410: "内容已依法删除", 411: "缺少内容长度", 413: "请求体过大",
          414: "请求地址过长", 415: "内容类型不对", 422: "内容不合要求", 429: "请求过于频繁", 431: "请求头过多或过大",
          500: "网关内部错误", 502: "对端网关拒绝或应答有误", 503: "网关暂不能服务", 504: "对端网关暂不可达"}


def codes_by_status():
    """HTTP status -> names, as the table has them."""
    text = (ROOT / "gateway" / "base" / "error_codes.def").read_text(encoding="utf-8")
    found = {}
    for name, status in re.findall(r"^CHUANYU_ERROR\((\w+),\s*(\d+),", text, re.M):
        if status != "0":
            found.setdefault(int(status), []).append(name)
    return found


def block():
    lines = []
    for status, names in sorted(codes_by_status().items()):
        lines += [f"    Status{status}:", f"      description: {TITLES.get(status, '失败')}", "      content:",
                  "        application/problem+json:", "          schema:", "            allOf:",
                  '              - $ref: "#/components/schemas/Problem"', "              - type: object",
                  "                properties:", f"                  status: {{const: {status}}}",
                  "                  code:", "                    enum:"]
        lines += [f"                      - {name}" for name in names]
    return "\n".join(lines) + "\n"


def main():
    text = YAML.read_text(encoding="utf-8")
    begin = text.index("\n", text.index("    # codes: written by")) + 1
    end = text.index("    # codes: end")
    wanted = text[:begin] + block() + text[end:]
    if sys.argv[1:] == ["--check"]:
        if wanted != text:
            print("schemas/openapi.yaml 的错误码与 gateway/base/error_codes.def 不一致；请运行 tests/contract/update_codes.py")
            return 1
        return 0
    YAML.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
