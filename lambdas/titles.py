"""The first title of a conversation: what its first message is about.

A heuristic for Portuguese and English, without a model: it is there with the 202, costs nothing,
and a person may write another at any time. Nothing writes over theirs: a title is stored once, with
the conversation.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

TITLE_CHARS = 60
_CUT = "…"

LOOKED_AT_CHARS = 400
"""Of a line. Some of the patterns take quadratic time."""

_FENCE = re.compile(r"\s*(```|~~~)")
_RULE = re.compile(r"[\s\-=*_|:+#>~`.]*")
"""A line of marks alone: a rule, the border of a table."""

_TAG = r"a|b|br|code|div|em|h[1-6]|i|img|li|ol|p|pre|span|strong|ul"
_MARKS = (
    (re.compile(r"^\s*(?:(?:#{1,6}|>|[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?)+"), ""),
    (re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s[^)]*)?\)"), r"\1"),  # links and images
    (re.compile(rf"(?<!\w)<(?:{_TAG})\b[^<>]*>|</(?:{_TAG})>", re.IGNORECASE), ""),
    (re.compile(r"(\*\*|__|~~|``?)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)([*_])(?=\S)(.+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"\s+#+\s*$"), ""),
)
"""Markdown, and what is left of it. In this order: bold before italics."""

_HELLO = (
    r"oi+e?|ol[aá]|opa|eai|e a[ií]|al[oô]|bom dia|boa tarde|boa noite|sauda[cç][oõ]es"
    r"|hi+|hello|hey+|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)"
)
_CALLED = r"prosa|pessoal|gente|galera|amig[oa]|folks|everyone|everybody"
_WHOM = rf"{_CALLED}|a todos|there|all|friend"
_HOW_ARE_YOU = (
    r"(?:est[aá] )?tudo (?:bem|bom|certo|joia|tranquilo)(?: com (?:voc[eê]|vc))?|td bem|blz|beleza"
    r"|como (?:vai|est[aá]|vc est[aá]|voc[eê] est[aá]|vai voc[eê]|voc[eê] vai|v[aã]o as coisas)"
    r"(?: voc[eê])?|espero que (?:voc[eê] )?esteja (?:tudo )?bem"
    r"|how are (?:you|things)(?: doing)?(?: today)?|how(?:['\u2019]s| is) it going"
    r"|what['\u2019]?s up|sup"
    r"|(?:i )?hope (?:you are|you['\u2019]re|this finds you|all is)(?: doing)? (?:well|good|fine)"
    r"|nice to meet you|prazer"
)
_GAP = r"(?:[\s,.!?;:)…\U0001F300-\U0001FAFF\u2600-\u27BF\uFE0F]|(?<=\s)[-\u2013\u2014](?=\s))*"
_END = r"(?=\s*(?:[,.!?;:)…]|\s[-\u2013\u2014]\s|[\U0001F300-\U0001FAFF\u2600-\u27BF]|$))"
"""A greeting ends with a mark, or before a word that begins small: the `Oi` of `Oi Telecom` is
none."""

_GREETING = re.compile(
    rf"(?:(?:{_HELLO})(?:,?\s+(?:{_WHOM}))?(?:{_END}|(?=\s+(?-i:[a-zà-ÿ])))"
    rf"|(?:{_HOW_ARE_YOU}|{_CALLED}){_END}){_GAP}",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(.{12,}?(?:[?!…]|(?<=\w{4})\.))\s+(?=\S)")
"""A first sentence that can stand alone. A short word before a point may be an abbreviation."""


def title_of(content: str) -> str:
    """The first thing a message says after its greeting, 60 characters at most, cut at a word."""
    lines = [*_plain_lines(content)] or [
        next(line for line in content.splitlines() if line.strip())
    ]
    line = next((said for line in lines if (said := _without_greeting(line))), lines[0])
    sentence = _SENTENCE.match(line)
    return _shortened(sentence[1] if sentence else line)


def _plain_lines(content: str) -> Iterator[str]:
    """The lines that say something, without Markdown; those of code only if there are no others."""
    said: list[str] = []
    code: list[str] = []
    target = said
    for line in content.splitlines():
        if _FENCE.match(line):
            target = said if target is code else code
        elif not _RULE.fullmatch(line):
            target.append(line)
    for line in said:
        yield _without_marks(line)
    if not said:
        yield from (line.strip() for line in code)


def _without_marks(line: str) -> str:
    plain = line[:LOOKED_AT_CHARS]
    for mark, instead in _MARKS:
        plain = mark.sub(instead, plain)
    return plain.strip() or line.strip()


def _without_greeting(line: str) -> str:
    """What follows the greetings at the beginning of a line, if that says something."""
    rest = line
    while greeting := _GREETING.match(rest):
        rest = rest[greeting.end() :]
    if not re.search(r"\w", rest):
        return ""
    return line if rest == line else rest[0].upper() + rest[1:]


def _shortened(text: str) -> str:
    """On one line, without a point or colon at the end."""
    line = " ".join(text.split())
    title = textwrap.shorten(line, TITLE_CHARS, placeholder=_CUT, break_on_hyphens=False)
    if title == _CUT:  # the first word alone is longer
        title = line.split()[0][: TITLE_CHARS - len(_CUT)] + _CUT
    is_cut = title.endswith(_CUT) and not line.endswith(_CUT)
    if is_cut:
        return (title.removesuffix(_CUT).rstrip(" ,;:.-\u2013\u2014(") or title[0]) + _CUT
    return title if title.endswith("..") else title.rstrip(" ,;:.") or title
