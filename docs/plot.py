#!/usr/bin/env python3
"""Draws docs/plot.svg, the time per listed message against depth, from what `make bench` wrote.

    docs/plot.py [times.csv [plot.svg]]
"""

import csv
import math
import sys
from pathlib import Path
from xml.sax.saxutils import escape

REPOSITORY = Path(__file__).resolve().parent.parent
GROUP = "List a branch at growing depth"
PANELS = [
    ("alone", "One branch"),
    ("2 dead siblings", "Two dead alternatives at every step"),
]
LINES = [
    ("seed", "recursive query (seed)", "#c2570c"),
    ("ours", "branch_messages", "#1d5fae"),
    ("flat", "plain table, no branches", "#6b7280"),
]
WIDTH, HEIGHT = 860, 380
LEFT, TOP, BOTTOM, GAP, RIGHT = 56, 74, 56, 40, 16


def read(path):
    """For each panel and line the points: depth, microseconds per message."""
    points = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["group"] == GROUP:
                around = row["case"].split(", ", 1)[1]
                messages = int(row["messages"])
                each = float(row["seconds"]) * 1e6 / messages
                points.setdefault((around, row["who"]), []).append((messages, each))
    if not points:
        sys.exit(f"{path} has no group '{GROUP}': run `make bench` first")
    return {key: sorted(line) for key, line in points.items()}


def steps(most):
    """Round numbers from 0 to just over `most`, four to eight of them."""
    size = next(s for s in (0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100) if most / s <= 7)
    return [size * n for n in range(math.ceil(most / size) + 1)]


def text(x, y, words, size=12, anchor="middle", color="#374151", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{color}" font-weight="{weight}">{escape(words)}</text>'
    )


def draw(points):
    """The whole picture as SVG."""
    depths = sorted({depth for line in points.values() for depth, _ in line})
    low, high = math.log10(depths[0]), math.log10(depths[-1])
    marks = steps(max(each for line in points.values() for _, each in line))
    panel = (WIDTH - LEFT - RIGHT - GAP * (len(PANELS) - 1)) / len(PANELS)
    floor = HEIGHT - BOTTOM

    def height(each):
        return floor - each / marks[-1] * (floor - TOP)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="system-ui, sans-serif" role="img" aria-label="Time per listed message against depth">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    at = float(LEFT)
    for who, name, color in LINES:
        out.append(f'<line x1="{at:.0f}" y1="20" x2="{at + 22:.0f}" y2="20" stroke="{color}" stroke-width="2.5"/>')
        out.append(text(at + 28, 24, name, anchor="start"))
        at += 28 + 7.2 * len(name) + 24
    for number, (around, title) in enumerate(PANELS):
        left = LEFT + number * (panel + GAP)

        def along(depth, left=left):
            return left + (math.log10(depth) - low) / (high - low) * panel

        out.append(text(left, TOP - 14, title, size=13, anchor="start", weight="600"))
        for mark in marks:
            y = height(mark)
            out.append(f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{left + panel:.1f}" y2="{y:.1f}" stroke="#e5e7eb"/>')
            if number == 0:
                out.append(text(left - 8, y + 4, f"{mark:g}", anchor="end"))
        for power in range(math.ceil(low), math.floor(high) + 1):
            x = along(10**power)
            out.append(f'<line x1="{x:.1f}" y1="{floor}" x2="{x:.1f}" y2="{floor + 5}" stroke="#9ca3af"/>')
            out.append(text(x, floor + 20, f"{10**power:,}"))
        for who, _, color in LINES:
            line = [(along(depth), height(each)) for depth, each in points.get((around, who), [])]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
            out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2.5"/>')
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in line]
        out.append(text(left + panel / 2, HEIGHT - 14, "messages on the branch, of 500 bytes"))
    out.append(text(LEFT - 40, TOP - 34, "µs per message, page cache warm", anchor="start"))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    given = sys.argv[1:]
    source = Path(given[0]) if given else REPOSITORY / "target/bench/times.csv"
    target = Path(given[1]) if len(given) > 1 else REPOSITORY / "docs/plot.svg"
    if not source.exists():
        sys.exit(f"{source} is not there: run `make bench` first")
    target.write_text(draw(read(source)), encoding="utf-8")
    print(target)


main()
