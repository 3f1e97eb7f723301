"""The cost page as text: tables of what `model.py` computes, put into `cost.md.in`."""

from __future__ import annotations

from string import Template

from infra.costs.data import FOLDER, Price, as_of, assumed, counted, prices, sizes
from infra.costs.model import HOURS, MODELS, Month, endpoints_month, month, units


def page() -> str:
    """The whole of docs/cost.md."""
    months = [month(size) for size in sizes()]
    small, middle, large = months
    text = (FOLDER / "cost.md.in").read_text(encoding="utf-8")
    return Template(text).substitute(
        as_of=as_of().isoformat(),
        table=_table(months),
        models=_models(months),
        stack_share=_fraction(middle),
        stack_share_billion=_fraction(large),
        standing=_usd(small.total),
        units=_units(),
        lines=_per_message(months),
        prices=_prices(),
        rate=f"{large.messages_per_s:,.0f}",
        workers=large.workers,
        gateways=large.gateways,
        lambda_messages=f"{1000 / (units().gb_seconds / 0.5):,.0f}",
        max_messages=f"{40_000 / units().writes:,.0f}",
        **_choices(),
    )


def _choices() -> dict[str, str]:
    """The sums behind what may be turned."""
    a, p = assumed(), prices()
    nat = HOURS * (p["nat_hour"].of(1) + p["public_ipv4"].of(1))
    asked = p["gpt-5-mini in"].of(a["input_tokens"])
    whole = asked + p["gpt-5-mini out"].of(a["output_tokens"])
    return {
        "input_share": f"{asked / whole:.0%}",
        "nat_small": _usd(nat),
        "nat_three": _usd(3 * nat),
        "nat_saved": _usd(2 * nat),
        "endpoints_two": _usd(endpoints_month(endpoints=7, zones=2)),
    }


def _table(months: list[Month]) -> str:
    head = ["US dollars a month", *(f"{m.name} ({m.messages:,})" for m in months)]
    rows = [[name, *(_usd(m.lines[name]) for m in months)] for name in months[0].lines]
    rows.append(["**Sum**", *(f"**{_usd(m.total)}**" for m in months)])
    counts = [f"{m.workers} + {m.gateways}" for m in months]
    rows.append(["workers + gateways in the busiest hour", *counts])
    return _markdown(head, rows)


def _models(months: list[Month]) -> str:
    a = assumed()
    tokens = f"{a['input_tokens']:,.0f} tokens asked, {a['output_tokens']:,.0f} answered"
    head = [tokens, *(m.name for m in months)]
    rows = [[name, *(_usd(m.models[name]) for m in months)] for name in MODELS]
    rows.append(
        ["a model of your own (`local:`): its machines, not computed here", *("" for _ in months)]
    )
    return _markdown(head, rows)


def _units() -> str:
    c, u = counted(), units()
    rows = [
        ["API Gateway requests", f"{u.api_requests:g}", "the message, and a read"],
        ["Lambda invocations", f"{u.lambda_requests:g}", "those, and the authorizer's share"],
        ["Lambda GB-seconds", f"{u.gb_seconds:.3f}", "at 512 MB"],
        ["SQS requests", f"{u.sqs_requests:g}", "send, receive, delete; fewer when busy"],
        [
            "DynamoDB write units",
            f"{u.writes:g}",
            f"{c['accept_writes']} + {c['finish_writes']} items in two transactions (twice the "
            f"price), {c['accept_index_writes']} in the index, {c['claims']} claim",
        ],
        [
            "DynamoDB read units",
            f"{u.reads:g}",
            f"{c['function_gets']} look-ups, the branch, and the read",
        ],
    ]
    return _markdown(["of what", "how many", "which"], rows)


def _per_message(months: list[Month]) -> str:
    head = ["US dollars per million messages", *(m.name for m in months)]
    names = list(months[0].lines)
    rows = [[n, *(_usd(m.lines[n] / m.messages * 1e6) for m in months)] for n in names]
    rows.append(["**Sum**", *(f"**{_usd(m.total / m.messages * 1e6)}**" for m in months)])
    return _markdown(head, rows)


def _prices() -> str:
    rows = [
        [_tiers(p), p.unit, f"[{_host(p.source)}]({p.source})", "✓" if p.is_confirmed else ""]
        for p in prices().values()
    ]
    return _markdown(["US dollars", "per", "source", ""], rows)


def _tiers(price: Price) -> str:
    per = f" / {price.per:,.0f}" if price.per != 1 else ""
    steps = [
        f"{usd:.10g}" if end == float("inf") else f"{usd:.10g} to {end:,.0f}"
        for end, usd in price.tiers
    ]
    return ", then ".join(steps) + per


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _fraction(found: Month) -> str:
    cents = found.total / found.messages * 100
    return f"{cents:.2g} cents"


def _usd(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def _host(source: str) -> str:
    return source.removeprefix("https://").rstrip("/")
