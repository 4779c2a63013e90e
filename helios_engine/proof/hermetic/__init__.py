"""Whatever a part reaches for outside its events: the layer hermetic."""
