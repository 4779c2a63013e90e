"""What the sim venue assumes of fills, slippage and latency: one family a file, pure but for `execution` and `working`.

`settings.choose` turns the keywords of `[venue]` into `Models`; `docs/venue_models.md` says when each of them flatters.
"""
