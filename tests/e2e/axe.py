"""What axe-core finds fault with in the page as it stands.

It is in the page by an init script, which a debugger may run whatever the page's policy says: so
the policy stays as the visitor has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

from playwright.sync_api import BrowserContext, Page

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# Colours that still change, or fade in, are nobody's.
_RUN = """async (rules) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (const each of document.getAnimations())
    if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
  const runOnly = rules && { type: "rule", values: rules };
  return axe.run(document, { resultTypes: ["violations"], ...(runOnly && { runOnly }) });
}"""
Scheme = Literal["light", "dark"]


def install(context: BrowserContext) -> None:
    """Put axe into every page of a profile, before its own script."""
    context.add_init_script(path=_AXE)


def findings(page: Page, state: str) -> Iterator[str]:
    """Everything that axe calls minor or worse, in light, and the contrasts in dark as well."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    yield from _found(page, f"{state}, light", None)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    # Colours are all that is another in the dark.
    yield from _found(page, f"{state}, dark", ["color-contrast", "link-in-text-block"])


def _found(page: Page, state: str, rules: list[str] | None) -> Iterator[str]:
    result = cast("dict[str, Any]", page.evaluate(_RUN, rules))
    for violation in result["violations"]:
        for node in violation["nodes"]:
            summary = " ".join(node["failureSummary"].split())
            yield f"{state}: {violation['impact']} {violation['id']} at {node['target']}: {summary}"
