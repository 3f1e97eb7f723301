"""Exchanges about what the user told: tell, ask, correct, ask for what was not told, recap."""

from __future__ import annotations

from training.corpus_files import Language
from training.scene import Exchange, Fact, Scene

_TWO_SHARE = 0.15  # of messages that tell: two facts
_ASKED_AT_ONCE_SHARE = 0.05  # one, and a question for it
_RECAP_AT_MOST = 3  # facts in one recap of all: more would be a long answer to learn


def tell(scene: Scene, *, kind: str | None = None) -> Exchange | None:
    """Tell a fact not told yet, in training now and then two in one message."""
    first = _new_fact(scene, kind=kind)
    if first is None:
        return None
    scene.remember(first)
    phrases = scene.kind_of(first)
    user, answer = scene.fill(phrases.tell, first), scene.fill(phrases.ack, first)
    draw = scene.rng.random() if kind is None else 1.0
    if draw < _TWO_SHARE and (second := _new_fact(scene)) is not None:
        scene.remember(second)
        phrases = scene.kind_of(second)
        user = _in_one_message(scene, user, scene.fill(phrases.tell, second))
        answer = f"{answer} {scene.fill(phrases.ack, second)}"
    elif draw < _TWO_SHARE + _ASKED_AT_ONCE_SHARE:
        user = f"{user} {scene.fill(phrases.ask, first)}"
        answer = scene.fill([phrases.answer], first)
    return Exchange(user, answer, "tell", first.value)


_AND: dict[Language, str] = {"en": "and", "pt": "e"}
_FOLLOWS_AND: dict[Language, tuple[str, ...]] = {
    "en": ("I ", "I'm ", "I've ", "My ", "We ", "Our "),
    "pt": ("Eu ", "Meu ", "Minha ", "Moro ", "Tenho ", "Sou ", "Adoro ", "Gosto ", "Prefiro "),
}


def _in_one_message(scene: Scene, first: str, second: str) -> str:
    """Two sentences, or most often one of both where they can be."""
    can_follow = first.endswith(".") and second.startswith(_FOLLOWS_AND[scene.language])
    if not can_follow or scene.rng.random() < 0.25:
        return f"{first} {second}"
    if not second.startswith("I"):
        second = second[0].lower() + second[1:]
    return f"{first[:-1]} {_AND[scene.language]} {second}"


def ask(scene: Scene, *, fact: Fact | None = None) -> Exchange | None:
    """Ask for a fact told earlier, first of all for one not asked for yet.

    The answer to a question says the fact once more: after that it is easier to find.
    """
    known = scene.known()
    if fact is None and not known:
        return None
    fact = fact or scene.rng.choice([f for f in known if f.key in scene.unasked] or known)
    scene.unasked.discard(fact.key)
    phrases = scene.kind_of(fact)
    alike = [other for other in known if other.kind == fact.kind]
    if phrases.ask_row and len(alike) == 1 and scene.rng.random() < 0.2:
        user, answer = phrases.ask_row, phrases.answer_row
    else:
        user, answer = phrases.ask, phrases.answer
    return Exchange(scene.fill(user, fact), scene.fill([answer], fact), fact.kind, fact.value)


def ask_untold(scene: Scene) -> Exchange | None:
    """Ask for a fact that was never told, most often one close to a fact that was."""
    rows = [f.kind for f in scene.facts.values() if len(scene.kind_of(f).rows) > 1]
    near = scene.rng.choice(rows) if rows and scene.rng.random() < 0.5 else None
    fact = _new_fact(scene, kind=near)
    if fact is None:
        return None
    phrases = scene.kind_of(fact)
    return Exchange(scene.fill(phrases.ask, fact), scene.fill([phrases.unknown], fact), "untold")


def correct(scene: Scene, *, fact: Fact | None = None) -> Exchange | None:
    """Replace the value of a fact told earlier; the new one wins."""
    known = scene.known()
    if fact is None and not known:
        return None
    fact = fact or scene.rng.choice(known)
    phrases = scene.kind_of(fact)
    old = fact.value
    while fact.value == old:
        fact.value = scene.maker.draw(phrases.pool)
    scene.remember(fact)
    user = scene.fill(phrases.correct, fact, old=old)
    return Exchange(user, scene.fill([phrases.corrected], fact), "correct", fact.value)


def recap(scene: Scene, *, which: str | None = None) -> Exchange | None:
    """Ask for the first, the last or all that was told."""
    if len(scene.known()) != len(scene.facts):
        return None
    which = which or scene.rng.choice(["first", "last", "last", "all"])
    facts = list(scene.facts.values())
    texts = scene.texts.recap[which]
    user = scene.rng.choice(texts.ask)
    if not facts:
        return Exchange(user, scene.texts.recap["all"].nothing, "untold")
    if which == "all" and len(facts) > _RECAP_AT_MOST:
        return None
    told = {"first": facts[:1], "last": [scene.facts[scene.latest]], "all": facts}[which]
    clauses = "; ".join(scene.fill([scene.kind_of(f).restate], f) for f in told)
    value = told[0].value if which != "all" else ""
    return Exchange(user, texts.answer.format(facts=clauses), f"recap {which}", value)


def _new_fact(scene: Scene, *, kind: str | None = None) -> Fact | None:
    kinds = list(scene.texts.facts)
    kind = kind or scene.rng.choice([*kinds, "name", "relative", "thing"])
    phrases = scene.texts.facts[kind]
    value = scene.maker.draw(phrases.pool)
    if scene.rng.random() < _LOWER_CASE_SHARE:
        value = value.lower()
    fact = Fact(kind, value, scene.rng.choice(phrases.rows))
    return None if fact.key in scene.facts else fact


_LOWER_CASE_SHARE = 0.04  # "my name is ana": it is said back as it was typed
