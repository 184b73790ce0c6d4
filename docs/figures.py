#!/usr/bin/env python3
"""Writes the figures of `make bench` into docs/performance.md.

    docs/figures.py [figures.csv [hosts.txt]]

In docs/performance.md, a table goes between `<!-- group: NAME -->` and `<!-- /group -->` for each group of `cargo bench`; and between
`<!-- hosts: NAME -->` and `<!-- /hosts -->`, the tables of the section of hosts.txt (what the scripts of benches/hosts have printed)
whose heading begins like that.
"""

import csv
import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [dict(row, value=float(row["value"])) for row in csv.DictReader(file)]


def shown(value):
    """Three significant digits, without an exponent."""
    for limit, digits in [(10, 2), (100, 1)]:
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def group_table(rows):
    figures = list(dict.fromkeys(row["figure"] for row in rows))
    cases = list(dict.fromkeys(row["case"] for row in rows))
    # Some cases may have another goal than the rest.
    targets = {}
    for row in rows:
        if row["target"]:
            targets.setdefault(row["figure"], {})[row["target"]] = None
    targets = {figure: " or ".join(goals) for figure, goals in targets.items()}
    found = {(row["case"], row["figure"]): row for row in rows}
    lines = ["| case | " + " | ".join(figures) + " |", "|---" + "|--:" * len(figures) + "|"]
    if targets:
        lines.append("| *to reach* | " + " | ".join(f"*{targets.get(figure, '')}*" if figure in targets else "" for figure in figures) + " |")
    for case in cases:
        cells = []
        for figure in figures:
            row = found.get((case, figure))
            cell = shown(row["value"]) if row else ""
            cells.append(f"**{cell}**" if row and row["met"] == "no" else cell)
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def sections(path):
    """The tables below each heading, by heading."""
    found, heading = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
            found[heading] = []
        elif heading and (line.startswith("|") or not line and found[heading]):
            found[heading].append(line)
    return {heading: "\n".join(lines).strip() for heading, lines in found.items()}


def main():
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "target/bench/figures.csv"
    if not source.exists():
        sys.exit(f"{source} is not there: run `make bench` first")
    rows = read(source)

    page = REPOSITORY / "docs/performance.md"
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"<!-- group: (.*?) -->", text):
        part = [row for row in rows if row["group"] == name]
        if not part:
            print(f"no figures of '{name}': its table stays as it is")
            continue
        between = re.compile(rf"(<!-- group: {re.escape(name)} -->\n).*?(<!-- /group -->)", re.S)
        text = between.sub(lambda found: f"{found[1]}\n{group_table(part)}\n\n{found[2]}", text, count=1)
    hosts = Path(sys.argv[2]) if len(sys.argv) > 2 else REPOSITORY / "target/bench/hosts.txt"
    tables = sections(hosts) if hosts.exists() else {}
    for name in re.findall(r"<!-- hosts: (.*?) -->", text):
        part = next((table for heading, table in tables.items() if heading.startswith(name)), None)
        if part is None:
            print(f"no tables of '{name}': they stay as they are")
            continue
        between = re.compile(rf"(<!-- hosts: {re.escape(name)} -->\n).*?(<!-- /hosts -->)", re.S)
        text = between.sub(lambda found: f"{found[1]}\n{part}\n\n{found[2]}", text, count=1)
    page.write_text(text, encoding="utf-8")
    print(page)


main()
