"""E-mail addresses in the one form they are stored and looked up in."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from lambdas.refusals import InvalidField


def normalise_email(text: str) -> str:
    """`Ana@Exämple.com` and `ana@exämple.com` are one. Raises InvalidField.

    Whether mail arrives is not asked: no DNS. The part before the @ is lower-cased, too: no
    provider of note tells case apart, and people do not remember how they typed it.
    """
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError as exc:
        raise InvalidField("email", "wrong_format") from exc
