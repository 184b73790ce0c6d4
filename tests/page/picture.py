"""The page of a real conversation, and its picture for the documentation: `make page`."""

import json
import pathlib
import shutil
import sys
import tempfile

from browser import ROOT, Browser, export

target = pathlib.Path(sys.argv[1]).resolve()
lines = [json.loads(line) for line in (ROOT / "tests/samples/balcony.jsonl").read_text("utf-8").splitlines()]
with tempfile.TemporaryDirectory() as directory, Browser() as browser:
    exported = export(pathlib.Path(directory), "balcony", lines)
    shutil.copy(exported, target)
    page = browser.open(exported, width=1180, height=760)
    page.locator("#picture g[data-n='14'] circle.near").click()
    page.locator("#m13 summary").click()
    page.mouse.move(0, 0)
    picture = ROOT / "docs/page.png"
    page.screenshot(path=picture)
print(f"{target.relative_to(ROOT)}, and its picture {picture.relative_to(ROOT)}")
