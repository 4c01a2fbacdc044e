"""What a build writes besides pages, and how a folder is replaced as a whole."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from generator.build import private
from generator.core import wording
from generator.core.lifecycle import Standing
from generator.core.model import MerchantId
from generator.site.plan import Edition
from generator.sources.cells import csv_cell
from generator.trust import history
from generator.trust.history import HISTORY
from generator.trust.releases import Release

VERIFIER = Path(__file__).parent.parent / "verifier" / "verify.py"
_UNPINNED = 'PINNED_ROOT = ""'


def downloads(release: Release, edition: Edition, bundles: Mapping[MerchantId, bytes]) -> dict[str, bytes]:
    """Return what the site offers beside its pages: bundles and their index, the TUF repository, the verifier."""
    source = VERIFIER.read_text(encoding="utf-8")
    if source.count(_UNPINNED) != 1:
        raise AssertionError("verify.py has lost the line that pins the root")
    index = [
        {
            "merchant": record.merchant,
            "name": record.name,
            "file": record.file,
            "version": record.version,
            "issued": record.issued.isoformat(),
            "expires": record.expires.isoformat(),
            "size": record.size,
            "sha256": record.sha256,
        }
        for record in edition.bundles
    ]
    described = {"demo": edition.demo, "root_sha256": edition.root_fingerprint, "bundles": index}
    return {
        **{f"bundles/{record.file}": bundles[record.merchant] for record in edition.bundles},
        "bundles/index.json": (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode(),
        **{f"tuf/metadata/{name}": data for name, data in release.metadata.items()},
        **{f"tuf/targets/{release.target_file(m)}": target.data for m, target in release.targets.items()},
        f"tuf/{HISTORY}": history.encode(release.chain),
        "verify/verify.py": source.replace(_UNPINNED, f'PINNED_ROOT = "{edition.root_fingerprint}"').encode(),
    }


def swap_in(folder: Path, files: Mapping[str, bytes], *, owner_only: bool = False) -> None:
    """Replace a folder by these files: written beside, then swapped by renames, the old one removed last.

    Where any step fails, the old folder stands as it was. With ``owner_only`` nobody else may read what is written,
    from its first byte on: names and numbers stand in it.
    """
    fresh, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    if old.exists() and not folder.exists():
        old.rename(folder)  # an earlier swap was cut short between its two renames
    for leftover in (fresh, old):
        if leftover.exists():
            shutil.rmtree(leftover)
    mode = 0o700 if owner_only else 0o777
    fresh.parent.mkdir(parents=True, exist_ok=True)
    fresh.mkdir(mode)
    for parent in sorted({fresh / parent for name in files for parent in PurePosixPath(name).parents}):
        parent.mkdir(mode, exist_ok=True)
    for name, data in files.items():
        if owner_only:
            private.write(fresh / name, data)
        else:
            (fresh / name).write_bytes(data)
    if folder.exists():
        folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)  # the new one stands; what a reader still holds open goes next time


def standings_csv(standings: Sequence[Standing], references: Sequence[str]) -> bytes:
    """Return the office's own table of where everyone stands; opens in Excel. Never published."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["编号", "批次", "姓名/名称", "类别", "荣誉", "状态", "原因", "自", "至", "迟报", "来源"])
    for standing, reference in zip(standings, references, strict=True):
        nomination = standing.nomination
        cells = (
            reference,
            nomination.batch,
            nomination.subject.name,
            nomination.category,
            nomination.honour,
            wording.STAGES[standing.stage],
            wording.REASONS[standing.reason],
            standing.since,
            standing.until or "",
            "迟报" if standing.late else "",
            nomination.place,
        )
        writer.writerow([csv_cell(str(cell)) for cell in cells])
    return out.getvalue().encode("utf-8-sig")
