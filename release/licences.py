#!/usr/bin/env python3
"""Writes the licences of all crates that are in the library, as Markdown, to the standard output.

Usage: licences.py, in the repository. The crates are those that cargo names for the loadable build; the texts are in their
sources, which cargo has downloaded. A licence that deny.toml does not allow is an error.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OWN = {"sqlite-branch", "sqlite3ext-sys"}
LOADED = ["--no-default-features", "--features", "loaded"]


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def allowed(expression: str, names: set) -> bool:
    """Whether a licence expression can be met with these licences alone."""
    expression = expression.replace("/", " OR ")
    tokens = re.findall(r"[()]|[\w.+-]+", expression)
    python = " ".join(
        token.lower() if token in ("AND", "OR") else token if token in "()" else str(token in names) for token in tokens
    )
    return eval(python, {"__builtins__": {}})  # Of "True", "False", "and", "or" and parentheses alone.


def main() -> int:
    names = set(re.findall(r'"([^"]+)"', re.search(r"^allow = \[(.*?)\]", (ROOT / "deny.toml").read_text(), re.M | re.S)[1]))
    tree = cargo("tree", "--package", "sqlite-branch", *LOADED, "--edges", "normal", "--prefix", "none", "--format", "{p}")
    used = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    packages = json.loads(cargo("metadata", "--format-version", "1", "--all-features"))["packages"]
    packages = [p for p in packages if (p["name"], "v" + p["version"]) in used and p["source"]]
    packages.sort(key=lambda package: (package["name"], package["version"]))
    missing = {name for name, _ in used} - {p["name"] for p in packages} - OWN
    if missing:
        print(f"licences.py: cargo does not describe {missing}", file=sys.stderr)
        return 1
    refused = [p["name"] for p in packages if not allowed(p["license"] or "", names)]
    if refused:
        print(f"licences.py: not allowed by deny.toml: {', '.join(refused)}", file=sys.stderr)
        return 1

    print("# Licences of what is in the library\n")
    print("sqlite-branch itself is under MIT OR Apache-2.0 (LICENSE-MIT, LICENSE-APACHE). SQLite's headers, from which some of its")
    print("bindings are generated, are in the public domain. Rust's standard library is under MIT OR Apache-2.0.\n")
    print("| crate | version | licence |\n|---|---|---|")
    for package in packages:
        print(f"| {package['name']} | {package['version']} | {package['license']} |")
    texts = {}  # One text, and all crates that have it.
    for package in packages:
        folder = pathlib.Path(package["manifest_path"]).parent
        for file in sorted(folder.iterdir()):
            if re.match(r"(?i)(licen[cs]e|copying|unlicense)", file.name) and file.is_file():
                text = file.read_text(encoding="utf-8", errors="replace").strip().replace("```", "'''")
                named = texts.setdefault(" ".join(text.split()), (text, []))
                named[1].append(f"{package['name']} {package['version']} ({file.name})")
    for text, named in texts.values():
        print(f"\n## {', '.join(named)}\n\n```text\n{text}\n```")
    return 0


if __name__ == "__main__":
    sys.exit(main())
