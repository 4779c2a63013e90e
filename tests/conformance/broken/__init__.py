"""Parts with one thing wrong each, at the top of modules, so that a fresh process can import them."""
