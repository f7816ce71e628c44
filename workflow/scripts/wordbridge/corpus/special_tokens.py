"""The special tokens and their ids, apart from ``vocabulary``, whose edits retrain nothing."""

BOS, PAD, EOS, UNK = range(4)

# The spellings are the lesson's; only the last has no underscore at its end.
SPECIALS = ("_bos_", "_pad_", "_eos_", "_unk")

# Words before a word in capitals, and before the count of a repeated character or word.
UPPER, REPEATED, WORD_REPEATED = "t_up", "tk_rep", "tk_wrep"
