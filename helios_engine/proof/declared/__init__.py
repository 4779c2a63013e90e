"""Whether outputs depend on what they are said to depend on: the layer declared."""
