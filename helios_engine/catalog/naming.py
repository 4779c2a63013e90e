"""How data sets and tags of bodies name folders."""

from __future__ import annotations

_LONGEST = 100
"""Bytes; file systems take 255, and lock files and drafts have names made of it."""


def folder_of(tag: str) -> str:
    """`news.Sentiment/1` as a folder's name: `news.Sentiment@1`."""
    return tag.replace("/", "@")


def can_name_a_folder(word: str) -> bool:
    """Whether a name can be a folder's: printable, no blank or point at its ends, no path, at most 100 bytes."""
    is_path = "/" in word or "\\" in word or word[:1] == "." or word[-1:] == "."
    is_plain = word.isprintable() and word == word.strip() and not is_path
    return is_plain and 0 < len(word.encode("utf-8", "replace")) <= _LONGEST
