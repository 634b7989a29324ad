"""What a sweep tells while it runs: a bar with worlds a second and time left, and a line for what is out of the way."""

from __future__ import annotations

import sys

from tqdm import tqdm

SILENT_SECONDS = 2.0  # work this short shows no bar


class Progress:
    """A bar over the worlds that are left to play; nothing at all when silent."""

    def __init__(self, *, silent: bool) -> None:
        """Say whether anything is shown."""
        self.silent = silent
        self.bar: tqdm | None = None
        self.failed = 0

    def say(self, text: str) -> None:
        """Print a line that does not disturb the bar."""
        if not self.silent:
            tqdm.write(text, file=sys.stderr)

    def start(self, total: int, unit: str) -> None:
        """Show a bar of `total` units."""
        self.close()
        shown = {"unit": f" {unit}", "unit_scale": True, "delay": SILENT_SECONDS, "leave": False}
        self.bar = tqdm(total=total, disable=self.silent, **shown)

    def advance(self, done: int, failed: int = 0) -> None:
        """Move the bar; `failed` cells more could not be played."""
        self.failed += failed
        if self.bar is not None:
            if failed:
                self.bar.set_postfix_str(f"{self.failed} cells failed", refresh=False)
            self.bar.update(done)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
