"""Tells whether a reply is English or Portuguese, by the words the model was taught to use."""

from __future__ import annotations

import re

from training.corpus_files import LANGUAGES, Language, Texts, texts

_WORD = re.compile(r"[^\W\d_]+")


class ReplyLanguage:
    """Counts words that only one language's answers use."""

    def __init__(self) -> None:
        used = {language: _words_of_answers(texts(language)) for language in LANGUAGES}
        self._only: dict[Language, set[str]] = {
            "en": used["en"] - used["pt"],
            "pt": used["pt"] - used["en"],
        }

    def of(self, reply: str) -> Language | None:
        """The language of `reply`; None for one without words, such as a sum."""
        words = _WORD.findall(reply.lower())
        counts = {lang: sum(word in only for word in words) for lang, only in self._only.items()}
        if counts["en"] == counts["pt"]:
            return None
        return "en" if counts["en"] > counts["pt"] else "pt"


def _words_of_answers(known: Texts) -> set[str]:
    answers = [topic.answer for topic in [*known.manual.values(), *known.small, *known.stories]]
    for kind in known.facts.values():
        answers += [kind.answer, kind.corrected, kind.unknown, kind.restate, *kind.ack]
    answers += [topic.answer for topic in known.recap.values()]
    answers.append(known.unknown.answer)
    return {word for answer in answers for word in _WORD.findall(answer.lower()) if len(word) > 1}
