"""What a run came to: metrics, round trips, the summary, and the page."""
