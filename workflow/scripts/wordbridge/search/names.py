"""The words of a name or short question that say something, in French and in English."""

import re
import unicodedata

# Articles, prepositions, question words and forms of being and having: in a mean of word
# vectors they pull every name to the same place.
_STOP = {
    "en": """a an the this that these those some any of in on at to with for from by and or is are
        was were be been do does did has have had who whom whose what which where when why how
        there it its he she they we you i me my your his her their our one s""",
    "fr": """un une des le la les l du de d au aux à en dans sur avec pour par et ou ce cet cette
        ces est sont était y a il elle ils elles on nous vous je tu qui que qu quoi quel quelle
        quels quelles où quand pourquoi comment combien mon ma mes ton ta tes son sa ses notre
        votre leur leurs c s n ne pas t""",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _STOP.items()}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ARTICLE = re.compile(r"(?:une?|le|la|les|des|du|de la)\s+|(?:de )?l['\u2019]", re.IGNORECASE)
_END = ".!?\u2026 \u00a0\u202f"  # the last two are French spaces before a mark


def content_words(text: str, language: str) -> list[str]:
    """Return the words of ``text`` in lower case, without articles and the like.

    If nothing else is there, these are returned as well. An apostrophe parts two words.
    """
    words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    return [word for word in words if word not in _STOP_WORDS[language]] or words


def bare_name(name: str) -> str:
    """Return a French name without the article before it and the marks behind it."""
    text = unicodedata.normalize("NFC", name).strip().rstrip(_END)
    article = _ARTICLE.match(text)
    return text[article.end() :] if article and article.end() < len(text) else text
