"""What can be said of a part without running it: the layer structure."""
