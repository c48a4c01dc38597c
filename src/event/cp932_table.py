#!/usr/bin/env python3
"""Write the C table of code page 932: row and cell of JIS X 0208 (with NEC's and IBM's rows) to UTF-16.

Python's own codec is the source, so the table is made anew with every build.
"""
import sys

ROWS, CELLS = 120, 94


def code_point(row, cell):
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + 0x9F if row % 2 else cell + (0x40 if cell < 63 else 0x41)
    try:
        return ord(bytes([lead, trail]).decode("cp932"))
    except UnicodeDecodeError:
        return 0


with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write(f"static const uint16_t cp932[{ROWS} * {CELLS}] = {{\n")
    for row in range(ROWS):
        out.write(", ".join(f"0x{code_point(row, cell):04x}" for cell in range(CELLS)) + ",\n")
    out.write("};\n")
