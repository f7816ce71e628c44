"""What a failure tells in one line, where its exception is one that a person can act on."""

import errno

from wordbridge.errors import InputError

# Beside MemoryError: torch on a CPU, torch on a GPU, C++.
_NO_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc")
# What the system refuses whatever the code does. A file that is missing is not among them: the
# code that expects it says so itself.
_REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
}


def in_one_line(error: BaseException) -> str | None:
    """Return the line for an exception, or None when only its traceback explains it."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped by SIGINT (Ctrl-C); run the same command again"
    if isinstance(error, OSError) and error.errno in _REFUSED:
        return (
            f"{error.filename or 'a file'}: expected one that can be read or written, got "
            f"{error.strerror}; check the path, its permissions and the disk"
        )
    said = str(error)
    if isinstance(error, MemoryError) or any(words in said for words in _NO_MEMORY):
        return (
            f"expected more memory, got {_first_line(said) or 'none'}; free some, run fewer jobs "
            "at once (--cores) or lower batch_size, and run the same command again"
        )
    return None


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
