"""Runs the same SQL (points.sql) in every client, and prints a table of what came out.

    run.py <extension> <work directory> [--few] [--write] [client ...]

Installs what npm, PyPI and Go have into the work directory; what Debian has must be there (`make hosts` says what). A
client that can't be had is listed as not run. A difference from points.out is printed, and the exit status is then 1.
--few: those that CI runs. --write: points.out from the shell. SQLITE_BRANCH_NOT_RUN: a file to note what was not run.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIENTS = HERE / "clients"
POINTS = HERE / "points.sql"
EXPECTED = HERE / "points.out"

options = [argument for argument in sys.argv[1:] if argument.startswith("--")]
extension, work, *chosen = (argument for argument in sys.argv[1:] if not argument.startswith("--"))
EXTENSION = str(Path(extension).resolve())
WORK = Path(work).resolve()
# Those of `make test-python` and `make test-node`, which have some of the drivers already.
VENV = WORK.parent / "python" / "bin" / "python"
NODE = WORK.parent / "node"


class Missing(Exception):
    """What a client needs is not here."""


def run(*command, cwd=None, env=None, stdin=None):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=1200,
        check=False,
    )
    if done.returncode and stdin is None:
        raise RuntimeError(f"{command[0]}: status {done.returncode}: {done.stdout[-600:]}")
    return done.stdout


def needs(program):
    found = shutil.which(program)
    if not found:
        raise Missing(program)
    return found


def installed(kind, *packages):
    try:
        if kind == "pip":
            if not VENV.exists():
                run("/usr/bin/python3" if Path("/usr/bin/python3").exists() else needs("python3"), "-m", "venv", VENV.parent.parent)
            run(VENV, "-m", "pip", "install", "-q", *packages)
        else:
            needs("npm")
            NODE.mkdir(parents=True, exist_ok=True)
            for package in packages:
                if not (NODE / "node_modules" / re.sub(r"(?<=.)@.*", "", package)).exists():
                    run("npm", "install", "--silent", "--no-package-lock", "--no-audit", package, cwd=NODE)
    except RuntimeError as error:
        raise Missing(f"{kind}'s {' '.join(packages)}: {str(error)[-200:]}") from error


def shell(file):
    lines = [line for line in POINTS.read_text("utf-8").splitlines() if not line.startswith("--")]
    script = f".load {EXTENSION}\n.mode list\n" + "".join(f"{line};\n" for line in lines)
    printed = run(needs(os.environ.get("SQLITE3", "sqlite3")), "-init", "/dev/null", file, stdin=script)
    return re.sub(r"^(Runtime|Parse) error.*?: ", "error: ", printed, flags=re.MULTILINE)


def debian_python(file):
    return run(needs("/usr/bin/python3"), CLIENTS / "sqlite3.py", "sqlite3", EXTENSION, file, POINTS)


def apsw(file):
    installed("pip", "apsw")
    return run(VENV, CLIENTS / "apsw.py", EXTENSION, file, POINTS)


def pysqlite3(file):
    installed("pip", "pysqlite3-binary")
    return run(VENV, CLIENTS / "sqlite3.py", "pysqlite3", EXTENSION, file, POINTS)


def sqlalchemy(file):
    installed("pip", "sqlalchemy")
    return run(VENV, CLIENTS / "sqlalchemy.py", EXTENSION, file, POINTS)


def aiosqlite(file):
    installed("pip", "aiosqlite")
    return run(VENV, CLIENTS / "aiosqlite.py", EXTENSION, file, POINTS)


def datasette(file):
    """It only reads: the shell writes, and the last statement that lists is asked of it."""
    installed("pip", "datasette")
    printed = shell(file)
    sql = "SELECT id, role, content FROM branch_messages('shed')"
    page = run(
        VENV.with_name("datasette"), file, "--load-extension", EXTENSION, "--setting", "default_allow_sql", "1",
        "--get", f"/{Path(file).stem}.csv?_header=off&sql=" + sql.replace(" ", "+").replace("'", "%27"),
    )
    if "Peas, radishes." not in page or page.count("\n") < 2:
        raise RuntimeError(f"datasette answered: {page[:300]}")
    return printed


def node(driver, package, program="node"):
    def client(file):
        if package:
            installed("npm", package)
        if program == "node":
            executable = needs("node")
        else:
            installed("npm", program)
            executable = NODE / "node_modules" / ".bin" / program.split("@")[0]
        script = NODE / "client.cjs"
        NODE.mkdir(parents=True, exist_ok=True)
        shutil.copy(CLIENTS / "node.cjs", script)
        return run(executable, script, driver, EXTENSION, file, POINTS, cwd=NODE)

    return client


def npm_sqlite3(file):
    installed("npm", "sqlite3")
    shutil.copy(CLIENTS / "sqlite3.cjs", NODE / "sqlite3.cjs")
    return run(needs("node"), NODE / "sqlite3.cjs", EXTENSION, file, POINTS, cwd=NODE)


def perl(file):
    if subprocess.run([needs("perl"), "-MDBD::SQLite", "-e", "1"], capture_output=True, check=False).returncode:
        raise Missing("libdbd-sqlite3-perl")
    return run("perl", CLIENTS / "perl.pl", EXTENSION, file, POINTS)


def tcl(file):
    if "yes" not in run(needs("tclsh"), stdin="puts [expr {[catch {package require sqlite3}] ? {no} : {yes}}]"):
        raise Missing("libsqlite3-tcl")
    return run("tclsh", CLIENTS / "tcl.tcl", EXTENSION, file, POINTS)


def php(file):
    if "sqlite3" not in run(needs("php"), "-m"):
        raise Missing("php-sqlite3")
    return run("php", "-d", f"sqlite3.extension_dir={Path(EXTENSION).parent}", CLIENTS / "php.php", Path(EXTENSION).name, file, POINTS)


def ruby(file):
    if subprocess.run([needs("ruby"), "-rsqlite3", "-e", "1"], capture_output=True, check=False).returncode:
        raise Missing("ruby-sqlite3")
    return run("ruby", CLIENTS / "ruby.rb", EXTENSION, file, POINTS)


def jdbc(file):
    jar = Path("/usr/share/java/sqlite-jdbc.jar")
    if not jar.exists():
        raise Missing("libxerial-sqlite-jdbc-java")
    return run(needs("java"), "-cp", jar, CLIENTS / "Jdbc.java", EXTENSION, file, POINTS)


def go(file):
    """With Debian's source of the driver."""
    needs("go")
    if not Path("/usr/share/gocode/src/github.com/mattn/go-sqlite3").exists():
        raise Missing("golang-github-mattn-go-sqlite3-dev")
    program = WORK / "go-points"
    run(
        "go", "build", "-o", program, CLIENTS / "points.go",
        env={"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "CGO_ENABLED": "1"},
    )
    return run(program, EXTENSION, file, POINTS)


FEW = ["sqlite3 shell", "Python, Debian's", "apsw", "better-sqlite3", "node:sqlite", "Perl DBD::SQLite", "Tcl"]
ALL = {
    "sqlite3 shell": shell,
    "Python, Debian's": debian_python,
    "apsw": apsw,
    "pysqlite3": pysqlite3,
    "SQLAlchemy": sqlalchemy,
    "aiosqlite": aiosqlite,
    "datasette": datasette,
    "better-sqlite3": node("better-sqlite3", "better-sqlite3@12"),
    "node:sqlite": node("node:sqlite", None, "node@24"),
    "npm sqlite3": npm_sqlite3,
    "bun:sqlite": node("bun:sqlite", None, "bun@1"),
    "libsql": node("libsql", "libsql"),
    "Perl DBD::SQLite": perl,
    "Tcl": tcl,
    "PHP SQLite3": php,
    "Ruby sqlite3": ruby,
    "JDBC (Xerial)": jdbc,
    "Go mattn/go-sqlite3": go,
}


def plain(printed):
    """The lines, with errors as the extension words them: clients put words of their own before and behind."""
    lines = []
    for line in printed.splitlines():
        if line.startswith("error: "):
            found = re.search(r"branch_\w+: .*?(?=\)?$| at /| \(code)", line)
            line = f"error: {found[0] if found else line}"
        lines.append(line.rstrip())
    return lines


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    clients = {name: client for name, client in ALL.items() if name in (chosen or (FEW if "--few" in options else ALL))}
    failed = False
    print(f"{'client':22} result")
    for name, client in clients.items():
        with tempfile.TemporaryDirectory() as directory:
            file = str(Path(directory) / "points.db")
            try:
                lines = plain(client(file))
                version = next((line for line in lines if line.startswith("SQLite ")), "")
                if "--write" in options and client is shell:
                    EXPECTED.write_text("\n".join(lines) + "\n", "utf-8")
                expected = EXPECTED.read_text("utf-8").splitlines()
                lines = [line for line in lines if line != version] if version else lines
                expected = [line for line in expected if not line.startswith("SQLite ")]
                if lines == expected:
                    result = f"{len(lines)} lines as expected, on {version}"
                else:
                    failed = True
                    differences = list(difflib.unified_diff(expected, lines, "expected", name, lineterm="", n=0))
                    result = "DIFFERENT\n    " + "\n    ".join(differences[:30])
            except Missing as missing:
                result = f"not run: no {missing}"
                note(name, missing)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                failed = True
                result = f"FAILED: {error}"
        print(f"{name:22} {result}", flush=True)
    return failed


def note(name, missing):
    """For the list with which `make test` ends; with CI=true, everything that CI runs must be there."""
    if os.environ.get("CI") == "true" and "--few" in options:
        sys.exit(f"{name}: cannot be run without {missing}, and CI=true wants everything")
    if os.environ.get("SQLITE_BRANCH_NOT_RUN"):
        with open(os.environ["SQLITE_BRANCH_NOT_RUN"], "a", encoding="utf-8") as file:
            file.write(f"  the client {name}: no {missing} here\n")


if __name__ == "__main__":
    sys.exit(main())
