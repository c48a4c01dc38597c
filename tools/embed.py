#!/usr/bin/env python3
"""Turn files into one C table of names and bytes: embed.py OUT.c SYMBOL ROOT [SUFFIX...]

Every regular file below ROOT whose name ends in one of the suffixes (all, when
none is given) becomes a row, sorted by its path relative to ROOT.
"""
import os
import sys


def rows(root, suffixes):
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in files:
            path = os.path.join(folder, name)
            if not suffixes or name.endswith(tuple(suffixes)):
                yield os.path.relpath(path, root), path


def c_bytes(data):
    """A string literal of octal escapes: compilers read it far faster than numbers."""
    table = [c if 32 <= i < 127 and c not in '"\\?' else "\\%03o" % i
             for i, c in ((i, chr(i)) for i in range(256))]
    text = "".join(table[b] for b in data)
    cuts, start = [], 0
    while start < len(text):
        end = min(start + 4000, len(text))
        while end < len(text) and "\\" in text[end - 3:end]:
            end -= 1
        cuts.append('"%s"' % text[start:end])
        start = end
    return "\n\t".join(cuts) or '""'


def main():
    out, symbol, root, *suffixes = sys.argv[1:]
    found = sorted(rows(root, suffixes))
    with open(out, "w", encoding="ascii") as f:
        f.write('#include "embed/embed.h"\n\nconst struct embedded_file %s[] = {\n' % symbol)
        for name, path in found:
            with open(path, "rb") as data:
                f.write('\t{%s, SLICE_LITERAL(%s)},\n' %
                        ('"%s"' % name, c_bytes(data.read())))
        f.write("\t{0},\n};\n")
    with open(out + ".d", "w", encoding="utf-8") as f:
        # Folders too: their age tells of files that came or went; of one not made yet, its parent's.
        folders = [folder for folder, _, _ in os.walk(root)] or [os.path.dirname(root)]
        paths = folders + [path for _, path in found]
        f.write("%s: %s\n" % (out, " ".join(path.replace(" ", "\\ ") for path in paths)))


if __name__ == "__main__":
    main()
