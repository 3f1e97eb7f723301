"""A film of a page: screenshots with the time each was on the screen, under them a line of text."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page

MAX_BYTES = 1_500_000
_STRIP_PX = 44
_FONT_PX = 18
_PAPER, _INK, _ALARM = "#121613", "#e6ebe7", "#f0a988"
_LAST_MS = 2_000
_QUALITIES = (80, 70, 60, 50, 40)


@dataclass(frozen=True, slots=True)
class _Shot:
    png: bytes
    line: str
    is_alarm: bool
    at_s: float


class Film:
    """What a page showed, as it was shown: no frame is made up, and none is faster than it was."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._shots: list[_Shot] = []
        self._line, self._is_alarm = "", False

    def say(self, line: str, *, is_alarm: bool = False) -> None:
        """What stands under the pictures from here on; plain Latin letters."""
        self._line, self._is_alarm = line, is_alarm

    def shoot(self) -> None:
        """Take one frame."""
        png = self._page.screenshot(caret="initial")
        self._shots.append(_Shot(png, self._line, self._is_alarm, time.monotonic()))

    def shoot_until(self, is_over: Callable[[], bool], *, timeout_s: float) -> None:
        """Take frames as fast as they come until something is so. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while not is_over():
            if time.monotonic() > deadline:
                raise TimeoutError("what the film waits for did not come")
            self.shoot()
        self.shoot()

    def save(self, path: Path) -> float:
        """Write an animated WebP of `MAX_BYTES` at the most; gives its length in seconds.

        Raises ValueError when no quality is small enough.
        """
        shots = [
            shot
            for shot, before in zip(self._shots, [None, *self._shots[:-1]], strict=True)
            if before is None or (shot.png, shot.line) != (before.png, before.line)
        ]
        frames = [_frame(shot) for shot in shots]
        ends = [shot.at_s for shot in shots[1:]]
        times = [
            round((end - shot.at_s) * 1000) for shot, end in zip(shots[:-1], ends, strict=True)
        ]
        for quality in _QUALITIES:
            written = io.BytesIO()
            frames[0].save(
                written,
                "WEBP",
                save_all=True,
                append_images=frames[1:],
                duration=[*times, _LAST_MS],
                loop=0,
                quality=quality,
                method=4,
            )
            if written.tell() <= MAX_BYTES:
                path.write_bytes(written.getvalue())
                return (sum(times) + _LAST_MS) / 1000
        raise ValueError(f"{len(frames)} frames are too many for {MAX_BYTES} bytes")


def _frame(shot: _Shot) -> Image.Image:
    page = Image.open(io.BytesIO(shot.png)).convert("RGB")
    frame = Image.new("RGB", (page.width, page.height + _STRIP_PX), _PAPER)
    frame.paste(page)
    ImageDraw.Draw(frame).text(
        (page.width // 2, page.height + _STRIP_PX // 2),
        shot.line,
        font=ImageFont.load_default(_FONT_PX),
        fill=_ALARM if shot.is_alarm else _INK,
        anchor="mm",
    )
    return frame
