"""Web pages, which servers like to send in place of data."""

import re

HEAD = 512  # bytes in which a web page shows itself
PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b")


def looks_like_page(head: bytes) -> bool:
    """Return whether a file that begins like this is a web page."""
    return PAGE.match(head[:HEAD].lower()) is not None


def is_page_name(name: str) -> bool:
    """Return whether a file of this name is expected to be a web page."""
    return name.lower().endswith((".html", ".htm", ".xhtml"))
