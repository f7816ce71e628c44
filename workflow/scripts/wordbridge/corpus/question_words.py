"""Question words of English and French, and where the question of a sentence begins."""

import re
from functools import partial
from typing import NamedTuple


class QuestionSpan(NamedTuple):
    """A question from its question word on."""

    text: str
    kind: str  # what the question asks for: a key of ``Language.kinds``
    # What precedes the question: "nothing", an "address" (Lord, ...), a "condition" (If ..., ...)
    # or "speech" (... said, or another clause that ends in a strong break).
    introducer: str


_BREAK = "^|--|[;:,—]"  # where a clause may begin
_CAPITAL = "[A-ZÀ-Þ]"
_APOSTROPHE = r"['\u2019]"


class Language:
    """Patterns of the question words of a language and of their contexts.

    All arguments are regular expressions. ``kinds`` are the question words by what they ask for,
    ``interrogative`` are the question words that are hardly ever relatives, and ``exclusion`` are
    uses of question words that ask nothing. ``conjunctions`` may precede a question, ``speech`` is
    the start of direct speech after a comma, with regard to case, and ``address`` and
    ``condition`` are the first words of an address and of a subordinate clause.
    """

    def __init__(
        self,
        *,
        kinds: dict[str, str],
        conjunctions: str,
        speech: str,
        address: str,
        interrogative: str,
        condition: str,
        exclusion: str,
    ) -> None:
        pattern = partial(re.compile, flags=re.IGNORECASE)
        self.kinds = {kind: pattern(words) for kind, words in kinds.items()}
        self.interrogative = pattern(interrogative)
        self.exclusion = pattern(exclusion)
        self.speech = re.compile(speech)
        words = "|".join(kinds.values())
        leads = rf"(?:(?:{conjunctions})\b,?\s+)*"
        self.start = pattern(rf"(?P<break>{_BREAK})\s*(?P<conjunctions>{leads})(?P<word>{words})")
        # The following are at the end of the text before the question.
        clause = rf"(?:{_BREAK})\s*{leads}"
        self.address = pattern(rf"{clause}(?:(?:{address})\b[^;:]{{0,45}}|you|ye|thou)$")
        self.condition = pattern(rf"{clause}(?:{condition})\b[^;:]*$")
        self.name = re.compile(  # "Saul", "Saul, Saul", "Simon de Cyrène"
            rf"(?:^|[;:,—])\s*(?i:{leads})"
            rf"(?:{_CAPITAL}\w+, ?)?{_CAPITAL}[\w-]*(?: d\w* \w+)?$"
        )


def _any(*patterns: str) -> str:
    return "|".join(patterns)


# Verbs that precede the subject of a question; old translations of the Bible invert some others.
_AUXILIARIES = (
    "is|are|was|were|am|art|wast|wert|do|does|did|doth|dost|didst|shall|shalt|will|wilt|should|"
    "would|can|could|may|might|must|has|have|had|hath|hast|saw|came|comes|cometh"
)
ENGLISH = Language(
    kinds={
        "why": r"(?:why|wherefore)\b",
        "means": r"where(?:in|by|with|withal|to|unto|upon|on|at|of)\b",
        "place": r"(?:where|whence|whither)\b",
        "time": r"when\b",
        "which": r"(?:which|whether)\b",
        "who": r"(?:who|whom|whose)\b",
        "amount": r"what (?:is the )?(?:number|amount)\b",
        "what": r"what\b",
    },
    conjunctions="and|but|for|so|or|now|then|therefore|yet|because|again|also|yes|no|nay|yea|see|behold|lo",
    speech="[A-Z]",  # English prints a capital where direct speech begins
    address="o|oh|my|our|(?:you|ye) (?:that|who|of)|lord|master|teacher|woman|sirs?|son|father|"
    "men|man|good (?:people|master|teacher|sir)|friend|daughter|brothers|brethren|children|"
    "indeed|truly|alas|well",
    interrogative=r"(?:why|wherefore|what|where)\b|who (?:shall|will|can|may|is like)\b",
    condition="if|since|seeing|when|though|because|as(?! for)|after|while",
    exclusion=_any(
        rf"when (?!(?:{_AUXILIARIES})\b)",  # a clause: "When he came, ..."
        # Relatives.
        r"(?:what|whom|which|whether|where\w*|whence|whither)\s+"
        r"(?:I|he|she|we|they|thou|ye|you|it)\b",
        r"which (?:also|said|by|the|hath|have)\b",
        r"who (?:also|said|by)\b",
    ),
)

_PREPOSITION = (
    r"(?:(?:à|a|de|en|par|sur|avec|pour|contre|dans|chez|devant|après|sous|vers|selon|envers|"
    r"auprès de|entre|depuis)\s+)?"
)
_PRONOUN = rf"(?:j{_APOSTROPHE}|(?:je|tu|ils?|elles?|on)\b)"
_SUBJECT = _any(  # the start of a subject
    _PRONOUN,
    r"(?:nous|vous|les?|la|une?|son|sa|ses|mon|ma)\b",
    rf"l{_APOSTROPHE}",
    rf"(?-i:{_CAPITAL})",
)
_INVERSION = r"-(?:t-)?(?:ils?|elles?|on|je|tu|nous|vous)\b"  # viendra-t-il
FRENCH = Language(
    kinds={
        "pourquoi": rf"(?:pourquoi|d{_APOSTROPHE}où vient)\b",
        "où": rf"(?:d{_APOSTROPHE}|par |jusqu{_APOSTROPHE}|vers )?où\b"
        r"|(?:de|vers|en|dans|à)\s+quels? (?:côté|lieu|endroit|pays)s?\b",
        "quoi": rf"{_PREPOSITION}quoi\b",
        "quel": rf"{_PREPOSITION}quel(?:le)?s?\b",
        "lequel": rf"{_PREPOSITION}(?:lequel|laquelle|lesquel(?:le)?s)\b"
        r"|(?:au|du|aux|des)quel(?:le)?s?\b",
        "qui": rf"{_PREPOSITION}qui\b",
        "que": rf"(?:que\b|qu{_APOSTROPHE})",
        "quand": r"(?:depuis )?quand\b",
        "comment": r"comment\b",
        "combien": r"combien\b",
    },
    conjunctions="et|mais|car|or|donc|ou|alors|maintenant|puis|ainsi|aussi|voici|oui|non|ô|ah|"
    "eh bien|hélas",
    speech=r"(?!)",  # French has a colon here; any line of verse may begin with a capital
    address="ô|mon|ma|mes|notre|vous|nous|toi|moi|seigneur|maître|"
    rf"(?:l{_APOSTROPHE})?éternel|femme|hommes?|fils|père|ami|frères|enfants|insensé",
    interrogative=rf"(?:pourquoi|que|quel(?:le)?s?|comment|où)\b|qu{_APOSTROPHE}|qui\s+\S+ra\b",
    condition=rf"si|s{_APOSTROPHE}il|puisque|puisqu{_APOSTROPHE}|quand|lorsque|"
    rf"lorsqu{_APOSTROPHE}|parce|comme|après|pendant",
    exclusion=_any(
        rf"quand\s*(?={_SUBJECT})(?![^,;:]*{_INVERSION})",  # a clause: "Quand il vint, ..."
        # Relatives.
        rf"(?:que|qu{_APOSTROPHE}|où|comment)\s*{_PRONOUN}",
        r"que,? (?:[mts](?:on|a|es)|[nv]os|leurs|cet|cette|ces|quelqu|chacun|tou[st]|comme)\b",
        r"que (?:nous|vous) \w+(?:ons|ez)\b(?!-)",
        r"que (?:les?|la) \w+\b(?!-)",
        rf"que l{_APOSTROPHE}(?!a)",
    ),
)

# The French kinds of question word that translate each English kind.
TRANSLATIONS = {
    "why": {"pourquoi", "que", "quoi", "comment", "quel"},
    "means": {"quoi", "quel", "comment", "pourquoi", "que", "où", "lequel", "qui"},
    "place": {"où"},
    "time": {"quand"},
    "which": {"quel", "lequel", "qui", "que", "où"},
    "who": {"qui", "quel", "lequel"},
    "amount": {"combien", "quel"},
    "what": {"que", "quoi", "quel", "lequel", "qui", "comment", "pourquoi"},
}


def find_question(sentence: str, language: Language, any_use: bool = False) -> QuestionSpan | None:
    """Return the first question in ``sentence`` from its question word on, None without one.

    With ``any_use``, the exclusion of the language does not apply.
    """
    for match in language.start.finditer(sentence):
        text = sentence[match.start("word") :]
        if language.exclusion.match(text) and not any_use:
            continue
        if introducer := _introducer(sentence, match, language):
            kind = next(kind for kind, words in language.kinds.items() if words.match(text))
            return QuestionSpan(text, kind, introducer)
    return None


def _introducer(sentence: str, match: re.Match[str], language: Language) -> str | None:
    """Return what precedes the question word, None where the word may be a relative."""
    if match["break"] != ",":
        return "speech" if match["break"] else "nothing"
    before = sentence[: match.start()]
    if language.speech.match(match["conjunctions"] + match["word"]):
        return "speech"
    if language.condition.search(before):
        return "condition"
    interrogative = language.interrogative.match(sentence, match.start("word"))
    if language.address.search(before) or (interrogative and language.name.search(before)):
        return "address"
    return None
