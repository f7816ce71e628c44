"""Question words of English and French, and where the question of a sentence begins."""

import re
from collections.abc import Collection
from typing import NamedTuple


class QuestionSpan(NamedTuple):
    """A question from its question word on.

    ``conjunctions`` are the words before ``text`` such as "And". ``kind`` is what the question
    asks for. ``introducer`` is what the sentence has before both: "nothing", an "address"
    (Lord, ...), "speech" (... said, or another clause that ends in a strong break) or a
    "condition" (If ..., ...).
    """

    conjunctions: str
    text: str
    kind: str
    introducer: str


class Language:
    """Patterns of the question words of a language and of their contexts.

    ``kinds`` are the question words by what they ask for, ``interrogative`` are those that are
    hardly ever relatives, and ``exclusions`` are uses of the same words that ask nothing.
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
        exclusions: dict[str, str],
    ) -> None:
        def pattern(text: str) -> re.Pattern[str]:
            return re.compile(text, re.IGNORECASE)

        leads, words = rf"(?:(?:{conjunctions})\b,?\s+)*", "|".join(kinds.values())
        clause = rf"(?:^|--|[;:,—])\s*{leads}"
        self.kinds = {kind: pattern(words) for kind, words in kinds.items()}
        self.interrogative = pattern(interrogative)
        self.exclusions = {name: pattern(text) for name, text in exclusions.items()}
        # A break, conjunctions and a question word; direct speech may begin even after a comma.
        start = rf"(?P<break>^|--|[;:,—])\s*(?P<conjunctions>{leads})(?P<word>{words})"
        self.start, self.speech = pattern(start), re.compile(speech)
        # Ends of what is before: an address, a name (an address only before an interrogative), a
        # subordinate clause.
        self.address = pattern(rf"{clause}(?:(?:{address})\b[^;:]{{0,45}}|you|ye|thou)$")
        name = r"(?:[A-ZÀ-Þ]\w+, ?)?[A-ZÀ-Þ][\w-]*(?: d\w* \w+)?$"
        self.name = re.compile(rf"(?:^|[;:,—])\s*(?i:{leads}){name}")
        self.condition = pattern(rf"{clause}(?:{condition})\b[^;:]*$")


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
    exclusions={
        "when": rf"when (?!(?:{_AUXILIARIES})\b)",
        "relative": r"(?:what|whom|which|whether|where\w*|whence|whither)\s+"
        r"(?:I|he|she|we|they|thou|ye|you|it)\b"
        r"|which (?:also|said|by|the|hath|have)\b|who (?:also|said|by)\b",
    },
)

_BY = (
    r"(?:(?:à|a|de|en|par|sur|avec|pour|contre|dans|chez|devant|après|sous|vers|selon|envers|"
    r"auprès de|entre|depuis)\s+)?"
)
_SUBJECT = r"(?:j['\u2019]|(?:je|tu|ils?|elles?|on)\b)"
FRENCH = Language(
    kinds={
        "pourquoi": r"(?:pourquoi|d['\u2019]où vient)\b",
        "où": r"(?:d['\u2019]|par |jusqu['\u2019]|vers )?où\b"
        r"|(?:de|vers|en|dans|à)\s+quels? (?:côté|lieu|endroit|pays)s?\b",
        "quoi": _BY + r"quoi\b",
        "quel": _BY + r"quel(?:le)?s?\b",
        "lequel": _BY + r"(?:lequel|laquelle|lesquel(?:le)?s)\b|(?:au|du|aux|des)quel(?:le)?s?\b",
        "qui": _BY + r"qui\b",
        "que": r"(?:que\b|qu['\u2019])",
        "quand": r"(?:depuis )?quand\b",
        "comment": r"comment\b",
        "combien": r"combien\b",
    },
    conjunctions="et|mais|car|or|donc|ou|alors|maintenant|puis|ainsi|aussi|voici|oui|non|ô|ah|"
    "eh bien|hélas",
    speech=r"(?!)",  # French has a colon here; any line of verse may begin with a capital
    address=r"ô|mon|ma|mes|notre|vous|nous|toi|moi|seigneur|maître|(?:l['\u2019])?éternel|femme|"
    r"hommes?|fils|père|ami|frères|enfants|insensé",
    interrogative=r"(?:pourquoi|que|quel(?:le)?s?|comment|où)\b|qu['\u2019]|qui\s+\S+ra\b",
    condition=r"si|s['\u2019]il|puisque|puisqu['\u2019]|quand|lorsque|lorsqu['\u2019]|parce|comme|après|pendant",
    exclusions={
        "when": rf"quand\s*(?={_SUBJECT}|(?:nous|vous|les?|la|une?|son|sa|ses|mon|ma)\b|l['\u2019]"
        r"|(?-i:[A-ZÀ-Þ]))(?![^,;:]*-(?:t-)?(?:ils?|elles?|on|je|tu|nous|vous)\b)",
        "relative": rf"(?:que|qu['\u2019]|où|comment)\s*{_SUBJECT}"
        r"|que,? (?:[mts](?:on|a|es)|[nv]os|leurs|cet|cette|ces|quelqu|chacun|tou[st]|comme)\b"
        r"|que (?:nous|vous) \w+(?:ons|ez)\b(?!-)|que (?:les?|la) \w+\b(?!-)|que l['\u2019](?!a)",
    },
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


def find_question(
    sentence: str,
    language: Language,
    exclude: Collection[str] = ("when", "relative"),
    introducers: bool = True,
) -> QuestionSpan | None:
    """Return the first question in ``sentence`` from its question word on, None without one.

    ``exclude`` names the exclusions of the language that apply. Without ``introducers`` only
    conjunctions may precede the question word.
    """
    for match in language.start.finditer(sentence):
        text = sentence[match.start("word") :]
        if any(language.exclusions[name].match(text) for name in exclude):
            continue
        introducer = _introducer(sentence, match, language)
        if introducer == "nothing" or (introducer and introducers):
            kind = next(kind for kind, words in language.kinds.items() if words.match(text))
            return QuestionSpan(match["conjunctions"], text, kind, introducer)
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
