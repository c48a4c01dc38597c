#!/usr/bin/env python3
"""The arrows of docs/architecture.md: imports point down the list of layers.

layers_test.py SOURCE_ROOT reads every #include "module/..." below src/ and
fails on one that points up or sideways, naming the file and the line.
"""
import pathlib
import re
import sys

# From the bottom up.  Modules on one line may not include each other.
LAYERS = [
    {"base"},
    {"sys", "text", "event", "embed"},
    {"pki"},
    {"detect"},
    {"store"},
    {"content"},
    {"registry", "incident", "observe", "intel", "advisory", "readiness", "watch", "vault",
     "sensor", "enforce"},
    {"http"},
    {"center"},
    {"server", "node"},
    {"cli"},
]

# Sideways arrows that are meant, each with its reason.
ALLOWED = {
}

# Pure modules know neither the kernel nor the disk.
PURE = {"base", "event", "detect"}
IMPURE = {"sys", "store", "pki", "content", "http", "server", "node", "center", "cli"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z0-9_]+)/')


def rank(module):
    for i, layer in enumerate(LAYERS):
        if module in layer:
            return i
    return None


def trouble(module, target):
    if module == target:
        return None
    if rank(module) is None:
        return "module %s has no row in LAYERS" % module
    if rank(target) is None:
        return "includes %s, which has no row in LAYERS" % target
    if module in PURE and target in IMPURE:
        return "%s is pure and may not include %s" % (module, target)
    if rank(target) >= rank(module) and (module, target) not in ALLOWED:
        return "%s may not include %s: arrows point down" % (module, target)
    return None


def main():
    src = pathlib.Path(sys.argv[1]) / "src"
    checked = bad = 0
    for path in sorted(src.rglob("*.[ch]")) + sorted(src.rglob("*.def")):
        module = path.relative_to(src).parts[0]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            m = INCLUDE.match(line)
            if m is None:
                continue
            checked += 1
            why = trouble(module, m.group(1))
            if why is not None:
                bad += 1
                print("%s:%d: %s" % (path, number, why))
    print("%d includes checked, %d point the wrong way" % (checked, bad))
    return 1 if bad or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
