"""The page and the gateway agree on why a socket was closed."""

from __future__ import annotations

import re
from pathlib import Path

from ws_gateway.close_codes import CloseCode

_TYPESCRIPT = Path(__file__).parents[2] / "web/src/socket/closeCodes.ts"


def test_the_page_knows_the_codes_the_gateway_sends() -> None:
    table = re.search(r"CLOSE_CODES = \{(.*?)\}", _TYPESCRIPT.read_text(), re.DOTALL)
    assert table is not None
    codes = {int(code) for code in re.findall(r"^\s*(\d+):", table[1], re.MULTILINE)}
    assert codes == {code.value for code in CloseCode}


def test_the_page_stays_away_from_the_same_codes() -> None:
    body = re.search(r"function isFinal\(.*?\{(.*?)\}", _TYPESCRIPT.read_text(), re.DOTALL)
    assert body is not None
    least, most = (int(number) for number in re.findall(r"\d{4}", body[1]))
    assert {code for code in CloseCode if not code.may_reconnect} == {
        code for code in CloseCode if least <= code <= most
    }


def test_every_code_is_in_a_range_whose_meaning_is_fixed() -> None:
    assert all(code == 1012 or 4000 <= code <= 4999 for code in CloseCode)
    assert len({code.meaning for code in CloseCode}) == len(CloseCode)
    # RFC 6455 gives a reason 123 bytes.
    assert all(len(code.meaning.encode()) <= 123 for code in CloseCode)
