#!/usr/bin/env python3
"""What holds for the whole tree, checked: lint.py [CHECK]... (all checks when none is named; --list names them).

Prints each finding as file:line: what is wrong, what to do. Exit 1 when there is a finding.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAP = json.loads((ROOT / "tests/lint/module_map.json").read_text(encoding="utf-8"))
TOP_LEVEL = {"CMakeLists.txt", "gateway", "adapters", "schemas", "certs", "deploy", "tests", "README.md"}
LONGEST_FILE = 500
MARKS = {"help", "demo", "manual"}


def files():
    """Everything that is, or would be, in the repository."""
    found = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, check=False)
    if found.returncode == 0 and found.stdout:
        names = sorted(set(found.stdout.decode("utf-8").split("\0")) - {""})
    else:
        names = sorted(str(p.relative_to(ROOT)) for p in ROOT.rglob("*")
                       if p.is_file() and p.relative_to(ROOT).parts[0] not in (".git", "build", "var"))
    return [name for name in names if (ROOT / name).is_file()]


FILES = files()
SOURCES = [name for name in FILES if name.endswith((".h", ".cpp", ".cc", ".c"))]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def room_of(name):
    """The room whose folder a file stands in; None for tests and others."""
    best = None
    for room, about in MAP["rooms"].items():
        path = about["path"] + "/"
        if name.startswith(path) and (best is None or len(path) > len(MAP["rooms"][best]["path"]) + 1):
            best = room
    return best


def includes(name):
    for number, line in enumerate(read(name).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', line)
        if match:
            yield number, match.group(1), match.group(2)


def public_headers():
    """The files that a CMakeLists.txt names as HEADERS of a room."""
    for name in FILES:
        if not name.endswith("CMakeLists.txt"):
            continue
        folder = str(pathlib.PurePosixPath(name).parent)
        for call in re.findall(r"chuanyu_room\(([^)]*)\)", read(name), re.S):
            match = re.search(r"\bHEADERS\b(.*?)(?:\b(?:SOURCES|DEPS|LIBS|PUBLIC_LIBS)\b|\Z)", call, re.S)
            for header in match.group(1).split() if match else []:
                if header.endswith(".h"):
                    yield f"{folder}/{header}"


def check_map():
    """The map itself: layers only downwards, every folder of gateway/ is a room."""
    rooms = MAP["rooms"]
    for room, about in rooms.items():
        for other in about["may"]:
            if other != "*" and rooms[other]["layer"] >= about["layer"]:
                yield f"tests/lint/module_map.json: {room} (层 {about['layer']}) 不得依赖 {other} (层 {rooms[other]['layer']})"
    for name in SOURCES:
        if name.startswith(("gateway/", "adapters/", "schemas/")) and room_of(name) is None:
            yield f"{name}: 不属于 module_map.json 中的任何房间"


def check_includes():
    """Every #include of our own is an allowed edge and is written from the top of the tree."""
    for name in SOURCES:
        room = room_of(name)
        if room is None:
            continue
        may = MAP["rooms"][room]["may"]
        for number, quote, target in includes(name):
            other = room_of(target)
            if other is None:
                if quote == '"' and not (ROOT / target).exists() and not target.endswith(".pb.h"):
                    yield f'{name}:{number}: "{target}" 应从仓库顶层写起'
                continue
            if other != room and "*" not in may and other not in may:
                yield f"{name}:{number}: 房间 {room} 不得包含 {other}（{target}）；允许的边见 tests/lint/module_map.json"


def check_third_party():
    """Libraries are included only by the rooms that own them, and never in a public header."""
    owners = {prefix: rooms for prefix, rooms in MAP["third_party"].items() if prefix != "about"}
    public = set(public_headers())
    for name in SOURCES:
        room = room_of(name)
        if room is None:
            continue
        for number, quote, target in includes(name):
            prefix = next((p for p in owners if target.startswith(p)), None)
            if quote != "<" or prefix is None:
                continue
            if name in public:
                yield f"{name}:{number}: 公开头文件不得包含 <{target}>"
            elif "*" not in owners[prefix] and room not in owners[prefix]:
                yield f"{name}:{number}: 房间 {room} 不得使用 <{target}>（只有 {'、'.join(owners[prefix])} 可以）"


def check_headers():
    """A public header opens by saying what it is for."""
    for name in sorted(set(public_headers())):
        if not (ROOT / name).exists():
            yield f"{name}: CMakeLists.txt 列出，但没有此文件"
            continue
        first = read(name).splitlines()[:1]
        if not first or not first[0].startswith("// " + name + ":"):
            yield f"{name}:1: 公开头文件应以 “// {name}: 用途” 开头"


def check_targets():
    """Every *_test.cpp and every source belongs to a CMake target of its folder."""
    for name in SOURCES:
        if not name.endswith(".cpp"):
            continue
        path = pathlib.PurePosixPath(name)
        for folder in path.parents:
            lists = ROOT / str(folder) / "CMakeLists.txt"
            wanted = str(path.relative_to(folder))
            # By its name, or as the target that is named after it: chuanyu_bench(import ...).
            pattern = r"(?<![\w./-])" + re.escape(wanted) + r"(?![\w.])|chuanyu_\w+\(" + re.escape(wanted[:-len(".cpp")]) + r"\b"
            if lists.exists() and re.search(pattern, lists.read_text(encoding="utf-8")):
                break
        else:
            yield f"{name}: 不属于任何 CMake 目标"


def check_top_level():
    """Nothing but the agreed names stands at the top."""
    for name in sorted({name.split("/")[0] for name in FILES}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield f"{name}: 顶层只应有 {' '.join(sorted(TOP_LEVEL))}"


def check_secrets():
    """No private key, and no path of somebody's machine."""
    key = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40,}")
    for name in FILES:
        if name.endswith((".key", ".p12", ".pfx")):
            yield f"{name}: 私钥文件不得入库"
        text = read(name)
        if key.search(text):
            yield f"{name}: 含有私钥"
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"(?<![\w.])/(?:work|home/\w+|Users/\w+)/(?:main|shared|\w+/)", line) and "lint.py" not in name:
                yield f"{name}:{number}: 含有某台机器的路径"


def check_length():
    """A file that has grown too long to be understood alone."""
    for name in SOURCES + [n for n in FILES if n.endswith(".py") or n in ("deploy/quickstart", "tests/run")]:
        lines = read(name).count("\n")
        if lines > LONGEST_FILE:
            yield f"{name}: {lines} 行，超过 {LONGEST_FILE} 行，请拆分"


def check_format():
    """clang-format leaves every source as it is."""
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if tool is None:
        yield "clang-format 未安装（deploy/install-deps）"
        return
    result = subprocess.run([tool, "--dry-run", "-Werror", *SOURCES], cwd=ROOT, capture_output=True, text=True, check=False)
    seen = set()
    for line in result.stderr.splitlines():
        match = re.match(r"([^:]+):(\d+):\d+: error", line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            yield f"{match.group(1)}:{match.group(2)}: 请运行 clang-format -i {match.group(1)}"


def check_scripts():
    """Scripts parse, stop at the first failure, and can be run."""
    for name in FILES:
        text = read(name)
        if not text.startswith("#!"):
            continue
        if not (ROOT / name).stat().st_mode & 0o100:
            yield f"{name}: 以 #! 开头，但没有执行权限"
        if "bash" in text.splitlines()[0]:
            result = subprocess.run(["bash", "-n", name], cwd=ROOT, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                yield f"{name}: {result.stderr.strip().splitlines()[0]}"
            if not re.search(r"^set -[a-z]*e[a-z]* ?", text, re.M) and "set -u" not in text:
                yield f"{name}: 缺少 set -euo pipefail"


def check_readme():
    """README: commands exist, each shell block says how it is tested, and the package table is install-deps' own."""
    for name in ("README.md", "deploy/README.zh-CN.md"):
        if not (ROOT / name).exists():
            yield f"{name}: 没有此文件"
            continue
        text = read(name)
        for match in re.finditer(r"(<!-- test: (\w+) -->\n)?```sh\n(.*?)```", text, re.S):
            line = text[:match.start()].count("\n") + 1
            if name == "README.md" and match.group(2) not in MARKS:
                yield f"{name}:{line}: 命令块前应有 <!-- test: {' | '.join(sorted(MARKS))} -->"
            for command in match.group(3).splitlines():
                word = command.split()[0] if command.split() else ""
                if re.match(r"(deploy|tests|certs|schemas|adapters)/", word) and not (ROOT / word).exists():
                    yield f"{name}:{line}: 没有 {word}"
    packages = subprocess.run(["deploy/install-deps", "--list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    readme = read("README.md") if (ROOT / "README.md").exists() else ""
    for line in packages.splitlines():
        package = line.split()[1]
        if f"`{package}`" not in readme:
            yield f"README.md: 依赖表缺少 `{package}`（deploy/install-deps --list）"


CHECKS = {name[len("check_"):]: value for name, value in list(globals().items()) if name.startswith("check_")}


def main():
    wanted = sys.argv[1:] or list(CHECKS)
    if wanted in (["--help"], ["-h"]):
        print("用法: lint.py [--list] [检查]...\n" + __doc__)
        return 0
    if wanted == ["--list"]:
        print("\n".join(f"{name:12} {check.__doc__}" for name, check in CHECKS.items()))
        return 0
    findings = 0
    for name in wanted:
        if name not in CHECKS:
            print(f"没有检查 {name}；有：{' '.join(CHECKS)}", file=sys.stderr)
            return 2
        for finding in CHECKS[name]():
            findings += 1
            print(f"[{name}] {finding}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
