"""One run as it is, audited by what was given and what was said: the layers availability and fills."""
