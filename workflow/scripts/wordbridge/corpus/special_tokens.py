"""The four tokens with a meaning of their own, and their numbers."""

BOS, PAD, EOS, UNK = range(4)

# The spellings are the lesson's; only the last has no underscore at its end.
SPECIALS = ("_bos_", "_pad_", "_eos_", "_unk")
