"""Builds the extension with cargo while the package is built.

The Rust sources are the repository that this directory lies in, or, in an sdist, the directory `rust` beside this
file. Two environment variables, both set by `make wheel`:

SQLITE_BRANCH_LIBRARY   a library that is built already: cargo is not called
SQLITE_BRANCH_PLATFORM  the platform tag of the wheel, where it may be more than this machine's: `manylinux_2_17_x86_64`
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

HERE = Path(__file__).resolve().parent
BUNDLED = HERE / "rust"
REPOSITORY = BUNDLED if BUNDLED.is_dir() else HERE.parent.parent

# What cargo needs to build the extension, from the repository's root.
RUST_SOURCES = ["Cargo.toml", "Cargo.lock", "build.rs", "src", "sql", "sqlite3ext-sys", "LICENSE-MIT", "LICENSE-APACHE"]

if sys.platform == "win32":
    BUILT, LIBRARY = "sqlite_branch.dll", "branch.dll"
elif sys.platform == "darwin":
    BUILT, LIBRARY = "libsqlite_branch.dylib", "branch.dylib"
else:
    BUILT, LIBRARY = "libsqlite_branch.so", "branch.so"


class VersionFromCargo(MetadataHookInterface):
    """The version of Cargo.toml, in the spelling of PEP 440."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Put the version into the project's metadata."""
        manifest = (REPOSITORY / "Cargo.toml").read_text(encoding="utf-8")
        found = re.search(r'^version = "(.*)"', manifest, re.MULTILINE)
        if found is None:
            message = f"{REPOSITORY / 'Cargo.toml'} has no version"
            raise RuntimeError(message)
        metadata["version"] = found[1]


class CargoBuild(BuildHookInterface[Any]):
    """Puts the library into a wheel, and the Rust sources into an sdist."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add to what hatchling packs."""
        if self.target_name == "sdist":
            self.add_sources(build_data)
        else:
            self.add_library(build_data)

    def add_library(self, build_data: dict[str, Any]) -> None:
        """Build the library into the package, and name the platform that it is for."""
        library = Path(os.environ.get("SQLITE_BRANCH_LIBRARY") or build_with_cargo())
        target = HERE / "src" / "sqlite_branch" / LIBRARY
        new = target.with_suffix(".new")
        # A renaming: a process that has the old one loaded keeps it.
        shutil.copyfile(library, new)
        new.replace(target)
        platform = os.environ.get("SQLITE_BRANCH_PLATFORM") or re.sub(r"[-.]", "_", sysconfig.get_platform())
        build_data["pure_python"] = False
        # No Python is linked, so one wheel serves all versions.
        build_data["tag"] = f"py3-none-{platform}"

    def add_sources(self, build_data: dict[str, Any]) -> None:
        """Add the Rust sources, with a Cargo.toml that asks for nothing else of the repository."""
        self.manifest = Path(tempfile.mkdtemp(prefix="sqlite-branch-")) / "Cargo.toml"
        self.manifest.write_text(extension_only((REPOSITORY / "Cargo.toml").read_text(encoding="utf-8")), "utf-8")
        included = build_data["force_include"]
        included[str(self.manifest)] = "rust/Cargo.toml"
        for name in RUST_SOURCES[1:]:
            included[str(REPOSITORY / name)] = f"rust/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for packing."""
        if self.target_name == "sdist":
            shutil.rmtree(self.manifest.parent)


def extension_only(manifest: str) -> str:
    """The workspace's Cargo.toml without the members, tests and benches that an sdist does not have."""
    manifest = re.sub(r"^members = .*$", 'members = [".", "sqlite3ext-sys"]', manifest, flags=re.MULTILINE)
    manifest = re.sub(r"^exclude = .*$\n", "", manifest, flags=re.MULTILINE)
    sections = re.split(r"^(?=\[)", manifest, flags=re.MULTILINE)
    left_out = ("[[bench]]", "[[test]]", "[[example]]", "[dev-dependencies]", "[profile.bench", "[profile.dev")
    return "".join(s for s in sections if not s.startswith(left_out) and "dev-dependencies]" not in s.split("\n")[0])


def build_with_cargo() -> Path:
    """Run cargo, and return the library's path."""
    cargo = os.environ.get("CARGO") or shutil.which("cargo")
    if cargo is None:
        message = (
            "building sqlite-branch needs Rust's cargo (https://rustup.rs), version 1.89 or newer. "
            "A wheel for your platform needs none: `pip install --only-binary sqlite-branch sqlite-branch`"
        )
        raise RuntimeError(message)
    # As `make loadable` does.
    kinds = "cdylib" if BUNDLED.is_dir() else "cdylib,staticlib"
    features = ["--package", "sqlite-branch", "--no-default-features", "--features", "loaded"]
    small = ["--", "-C", "llvm-args=-inlinehint-threshold=50"]
    command = [cargo, "rustc", "--release", "--lib", "--crate-type", kinds, *features, *small]
    subprocess.run(command, cwd=REPOSITORY, check=True)  # noqa: S603
    target = Path(os.environ.get("CARGO_TARGET_DIR") or "target")
    return REPOSITORY / target / "release" / BUILT
