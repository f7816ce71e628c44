"""Word vectors as a bridge: French questions into English, and pictures found by words."""
