"""Word vectors as a bridge: French questions into English, and images found by words."""
