/**
 * Packs the npm packages: `node pack.mjs <library> <version> <directory>`, as `make npm` does.
 *
 * Makes two, each a .tgz in the directory: `sqlite-branch`, and the package with the library for this platform, which
 * the first one names as an optional dependency, so that npm installs that of the platform it runs on.
 */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const repository = resolve(here, "../..");
const [library, version, directory] = process.argv.slice(2);
const staging = mkdtempSync(join(tmpdir(), "sqlite-branch-npm-"));

const { devDependencies: _1, scripts: _2, ...common } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const platform = `sqlite-branch-${process.platform}-${process.arch}`;

// No library of another C library than glibc is made here.
const libc = process.platform === "linux" ? { libc: ["glibc"] } : {};
pack("sqlite-branch", { ...common, version, optionalDependencies: { [platform]: version } }, (to) => {
  cpSync(join(here, "lib"), join(to, "lib"), { recursive: true });
  cpSync(join(here, "README.md"), join(to, "README.md"));
});
pack(
  platform,
  {
    name: platform,
    version,
    description: `The library of sqlite-branch for ${process.platform} on ${process.arch}`,
    license: common.license,
    os: [process.platform],
    cpu: [process.arch],
    ...libc,
    files: ["branch.*"],
  },
  (to) => cpSync(library, join(to, `branch${extname(library)}`)),
);
rmSync(staging, { recursive: true });

function pack(name, manifest, fill) {
  const to = join(staging, name);
  mkdirSync(to);
  writeFileSync(join(to, "package.json"), JSON.stringify(manifest, null, 2) + "\n");
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) cpSync(join(repository, licence), join(to, licence));
  fill(to);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", resolve(directory)], { cwd: to, stdio: "inherit" });
}
