"""How tags of bodies name folders."""

from __future__ import annotations


def folder_of(tag: str) -> str:
    """`news.Sentiment/1` as a folder's name: `news.Sentiment@1`."""
    return tag.replace("/", "@")
