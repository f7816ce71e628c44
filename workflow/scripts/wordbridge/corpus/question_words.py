"""Where a question begins in an English or French sentence, and what it asks for."""

import re
from collections.abc import Collection
from typing import NamedTuple


class QuestionSpan(NamedTuple):
    """A question from its question word on.

    ``lead`` holds the conjunctions before ``text``. ``kind`` is what it asks for. ``cut`` is
    what was dropped before both: "nothing", an "address" (Lord, ...), "speech" (... said, or
    another clause that ends in a strong break) or a "condition" (If ..., ...).
    """

    lead: str
    text: str
    kind: str
    cut: str


class Language(NamedTuple):
    """The question words of a language and what may stand before them."""

    kinds: dict[str, re.Pattern[str]]  # question words by what they ask for
    opening: re.Pattern[str]  # a break, conjunctions and a question word
    speech: re.Pattern[str]  # direct speech begins at this opening, though after a comma only
    address: re.Pattern[str]  # ends in an address
    named: re.Pattern[str]  # ends in a name, an address only before a plain question word
    plain: re.Pattern[str]  # question words that are hardly ever relatives
    condition: re.Pattern[str]  # ends in a subordinate clause
    refusals: dict[str, re.Pattern[str]]  # other uses of the same words


def _language(
    kinds: dict[str, str],
    lead: str,
    speech: str,
    address: str,
    plain: str,
    condition: str,
    refusals: dict[str, str],
) -> Language:
    def pattern(text: str) -> re.Pattern[str]:
        return re.compile(text, re.IGNORECASE)

    leads = rf"(?:(?:{lead})\b,?\s+)*"
    clause = rf"(?:^|--|[;:,—])\s*{leads}"
    return Language(
        kinds={kind: pattern(words) for kind, words in kinds.items()},
        opening=pattern(
            rf"(?P<break>^|--|[;:,—])\s*(?P<lead>{leads})(?P<word>{'|'.join(kinds.values())})"
        ),
        speech=re.compile(speech),
        address=pattern(rf"{clause}(?:(?:{address})\b[^;:]{{0,45}}|you|ye|thou)$"),
        named=re.compile(
            rf"(?:^|[;:,—])\s*(?i:{leads})(?:[A-ZÀ-Þ]\w+, ?)?[A-ZÀ-Þ][\w-]*(?: d\w* \w+)?$"
        ),
        plain=pattern(plain),
        condition=pattern(rf"{clause}(?:{condition})\b[^;:]*$"),
        refusals={name: pattern(text) for name, text in refusals.items()},
    )


_AUXILIARIES = (
    "is|are|was|were|am|art|wast|wert|do|does|did|doth|dost|didst|shall|shalt|will|wilt|should|"
    "would|can|could|may|might|must|has|have|had|hath|hast|saw|came|comes|cometh"
)
ENGLISH = _language(
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
    lead="and|but|for|so|or|now|then|therefore|yet|because|again|also|yes|no|nay|yea|see|behold|lo",
    speech="[A-Z]",  # English prints a capital where direct speech begins
    address="o|oh|my|our|(?:you|ye) (?:that|who|of)|lord|master|teacher|woman|sirs?|son|father|"
    "men|man|good (?:people|master|teacher|sir)|friend|daughter|brothers|brethren|children|"
    "indeed|truly|alas|well",
    plain=r"(?:why|wherefore|what|where)\b|who (?:shall|will|can|may|is like)\b",
    condition="if|since|seeing|when|though|because|as(?! for)|after|while",
    refusals={
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
FRENCH = _language(
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
    lead="et|mais|car|or|donc|ou|alors|maintenant|puis|ainsi|aussi|voici|oui|non|ô|ah|eh bien|"
    "hélas",
    speech=r"(?!)",  # French has a colon there; verse lines may begin with a capital anywhere
    address=r"ô|mon|ma|mes|notre|vous|nous|toi|moi|seigneur|maître|(?:l['\u2019])?éternel|femme|"
    r"hommes?|fils|père|ami|frères|enfants|insensé",
    plain=r"(?:pourquoi|que|quel(?:le)?s?|comment|où)\b|qu['\u2019]|qui\s+\S+ra\b",
    condition=r"si|s['\u2019]il|puisque|puisqu['\u2019]|quand|lorsque|lorsqu['\u2019]|parce|comme|après|pendant",
    refusals={
        "when": rf"quand\s*(?={_SUBJECT}|(?:nous|vous|les?|la|une?|son|sa|ses|mon|ma)\b|l['\u2019]"
        r"|(?-i:[A-ZÀ-Þ]))(?![^,;:]*-(?:t-)?(?:ils?|elles?|on|je|tu|nous|vous)\b)",
        "relative": rf"(?:que|qu['\u2019]|où|comment)\s*{_SUBJECT}"
        r"|que,? (?:[mts](?:on|a|es)|[nv]os|leurs|cet|cette|ces|quelqu|chacun|tou[st]|comme)\b"
        r"|que (?:nous|vous) \w+(?:ons|ez)\b(?!-)|que (?:les?|la) \w+\b(?!-)|que l['\u2019](?!a)",
    },
)

# English kinds, each with the French kinds that translate it.
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
    refused: Collection[str] = ("when", "relative"),
    introducers: bool = True,
) -> QuestionSpan | None:
    """Return the first question in ``sentence`` from its question word on, None without one.

    ``refused`` names the refusals of the language that count. Without ``introducers`` nothing
    but conjunctions may stand before the question word.
    """
    for match in language.opening.finditer(sentence):
        text = sentence[match.start("word") :]
        if any(language.refusals[name].match(text) for name in refused):
            continue
        cut = _cut(sentence, match, language)
        if cut == "nothing" or (cut and introducers):
            kind = next(kind for kind, words in language.kinds.items() if words.match(text))
            return QuestionSpan(match["lead"], text, kind, cut)
    return None


def _cut(sentence: str, match: re.Match[str], language: Language) -> str | None:
    """Return what stands before the question word, None when it may be a relative there."""
    if match["break"] != ",":
        return "speech" if match["break"] else "nothing"
    before = sentence[: match.start()]
    if language.speech.match(match["lead"] + match["word"]):
        return "speech"
    if language.condition.search(before):
        return "condition"
    plain = language.plain.match(sentence, match.start("word"))
    if language.address.search(before) or (plain and language.named.search(before)):
        return "address"
    return None
