"""``make demo``: keys, site and bundles from the repository's own content and lists, then two people checked.

Everything goes through the commands an office and a merchant use: ``xinyi`` and the published ``verify.py``, copied
with one bundle to an empty folder. Only the choice of whom to check looks into the lists.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from generator.build.office import read
from generator.core.lifecycle import Stage
from generator.core.model import Person
from tests.fictional import DEMO_DAY

REPOSITORY = Path(__file__).parent.parent
MERCHANT = "zhengwu-dating"


def main(root: Path) -> None:
    """Run the demo in a folder; leave with the failing command's status if one fails."""
    if not (root / "keys" / "office.pem").exists():
        xinyi(root, "keys", "init", "--demo")
    elif "演示" not in xinyi(root, "keys", "status", quiet=True):
        sys.exit("keys/ 里是正式密钥，演示不会动它。请在另一个文件夹里试。")
    xinyi(root, "build", "--as-of", DEMO_DAY.isoformat())
    eligible, other = choose(root)
    passphrase = xinyi(root, "merchants", "passphrase", MERCHANT, quiet=True).strip()
    with tempfile.TemporaryDirectory() as folder:
        for file in ("verify/verify.py", f"bundles/{MERCHANT}.zip"):
            shutil.copy(root / "build" / "site" / file, folder)
        for expected, title, person in ((0, "名单上的人", eligible), (1, "已退出名单的人", other)):
            print(f"\n—— 像商户那样核验一位{title}（{person.name}）——", flush=True)
            if verify(Path(folder), person, passphrase) != expected:
                sys.exit("核验的回答不对，演示失败。")
    print(f"\n演示日是{DEMO_DAY}；核验时用 --as-of {DEMO_DAY} 代替今天。")
    print(f"{MERCHANT} 的名单口令：{passphrase}")
    print(f"请用浏览器打开：{root / 'build' / 'site' / 'index.html'}")


def xinyi(root: Path, *arguments: str, quiet: bool = False) -> str:
    """Run ``xinyi`` and return what it printed."""
    command = [sys.executable, "-m", "generator", "--root", str(root), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(done.returncode)
    if not quiet:
        print(done.stdout, end="", flush=True)
    return done.stdout


def choose(root: Path) -> tuple[Person, Person]:
    """Return a person who stands recognised on the demo day and one who has left."""
    standings = read(root, DEMO_DAY).standings
    people = [(s.stage, s.nomination.subject) for s in standings if isinstance(s.nomination.subject, Person)]
    recognised = [subject for stage, subject in people if stage is Stage.RECOGNISED]
    left = [subject for stage, subject in people if stage is Stage.LEFT and subject not in recognised]
    return recognised[0], left[-1]


def verify(folder: Path, person: Person, passphrase: str) -> int:
    """Check one person with the published verifier, which prints its answer, and return its status."""
    command = [sys.executable, "verify.py", f"{MERCHANT}.zip", "--as-of", DEMO_DAY.isoformat()]
    done = subprocess.run(
        [*command, "--name", person.name, "--id", person.number],
        cwd=folder,
        env={**os.environ, "XINYI_PASSPHRASE": passphrase},
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY)
