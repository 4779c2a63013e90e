"""Raw captures of venues' streams as cryptofeed records them: `<VENUE>.ws.*`, `<VENUE>.http.*`, `<VENUE>.0.gz`.

A line of a stream is `<epoch s>: <JSON>` with the time of receipt; the JSON is the venue's own. The answers at the
start list a venue's instruments, REST answers begin the books whose streams tell changes only; so the files of a
venue belong into one import. What is not kept is counted, a file at a time, in an issue of what is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source
from helios_engine.catalog.importers.cryptofeed.lines import Line, check_time, decoded, is_capture, lines, named
from helios_engine.catalog.importers.cryptofeed.listing import BROKEN, Listing
from helios_engine.catalog.importers.cryptofeed.reader import Start, Venue
from helios_engine.catalog.importers.cryptofeed.stream import Stream, Terms
from helios_engine.catalog.importers.cryptofeed.venues import VENUES
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import DataError
from helios_engine.toml_place import nearest

Starts = Mapping[str, Sequence[Start]]


def recognise(source: Source) -> Guess | None:
    """The first line is an address, an arrow and a time; the name begins with the venue's."""
    if not is_capture(source.head[:65536]):
        return None
    name = named(source)
    if name is None or name.venue not in VENUES:
        return Guess(0.9, "lines of a raw capture, in a file whose name begins with no venue that is read")
    return Guess(0.97, f"lines of a raw capture, named after the venue {name.venue}")


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Definitions, trades, quotes and books. Raises ConfigError if receipt is before the venue's own time."""
    waiting: Rows | None = None
    homeless: list[Issue] = []
    for name, group in _by_venue(sources).items():
        for rows, issues in _venue(name, group, ask):
            homeless += issues
            if rows is not None:
                if waiting is not None:
                    yield waiting
                waiting = rows
            if waiting is not None and homeless:
                waiting = waiting._replace(issues=[*waiting.issues, *homeless])
                homeless = []
    if waiting is None:
        said = "; ".join(issue.detail for issue in homeless) or "they hold no messages"
        raise DataError(f"{', '.join(source.name for source in sources)}: no rows to import: {said}")
    yield waiting


def _by_venue(sources: Sequence[Source]) -> dict[str, dict[str, list[Source]]]:
    """Files by venue and role, each in the order of the numbers in their names."""
    found: dict[str, dict[str, list[Source]]] = {}
    for source in sorted(sources, key=lambda s: [int(n) for n in re.findall(r"\d+", s.path.name + s.member)]):
        name = named(source)
        if name is None or name.venue not in VENUES:
            began = name.venue if name else source.name
            raise DataError(
                f"{source.name}: its name does not say which venue it is of, expected <VENUE>.ws.1.0.gz, "
                f"<VENUE>.http.0.0.gz or <VENUE>.0.gz; {nearest(began, VENUES)}"
            )
        found.setdefault(name.venue, {"": [], "http": [], "ws": []})[name.role].append(source)
    return found


def _venue(name: str, group: Mapping[str, Sequence[Source]], ask: Ask) -> Iterator[tuple[Rows | None, list[Issue]]]:
    venue = VENUES[name]
    listing = Listing(name, venue, ask)
    for source in group[""]:
        rows, issues = listing.read(source)
        yield (rows if ask.kind in (None, "instruments") else None), issues
    if group["http"] and not group["ws"]:
        raise DataError(
            f"{group['http'][0].name}: REST answers are where the changes of a stream go on from; "
            f"import it together with {name}.ws.*"
        )
    if ask.kind == "instruments":
        return
    starts: dict[str, list[Start]] = {}
    for source in group["http"]:
        if venue.start is None:
            text = f"{source.name}: not kept: REST answers of {name}, whose books are not built"
            yield None, [_said(text, source)]
            continue
        for symbol, start in _starts(source, venue, ask):
            starts.setdefault(symbol, []).append(start)
    terms = Terms(listing.who, listing.contracts, venue.exponents)
    for source in group["ws"]:
        yield from _stream(source, venue, starts, terms, ask)


def _starts(source: Source, venue: Venue, ask: Ask) -> Iterator[tuple[str, Start]]:
    assert venue.start is not None
    for line in lines(source):
        if line.kind != "->":
            continue
        body = decoded(line.text, line.place)
        try:
            symbol, event, sequence, levels = venue.start(line.url, body)
        except BROKEN as error:
            raise _form(line, error) from None
        if event is not None:
            check_time(event, line.place)
        if not 0 <= sequence < 2**63:
            raise DataError(f"{line.place}: the number of the book is {sequence}, expected one of 64 bits")
        yield symbol, Start(line.place, line.received + (ask.clock_offset or 0), event, sequence, levels)


def _stream(
    source: Source, venue: Venue, starts: Starts, terms: Terms, ask: Ask
) -> Iterator[tuple[Rows | None, list[Issue]]]:
    out = Stream(source, ask, terms)
    reader = venue.reader(out, starts)
    reader.connected()
    opened = 0
    for line in lines(source):
        out.at(line)
        if line.kind == "<->":
            opened += 1
            if opened > 1:
                reader.connected()
        elif not line.kind:
            message = decoded(line.text, line.place)
            try:
                reader.take(message)
            except BROKEN as error:
                raise _form(line, error) from None
            for rows in out.blocks():
                yield rows, []
    reader.finish()
    made, issues = out.finish()
    for rows in made:
        yield rows, []
    yield None, issues


def _form(line: Line, error: Exception) -> DataError:
    return DataError(
        f"{line.place}: the message has not the form that the venue's have: {type(error).__name__}: {error}; "
        f"it begins {line.text[:60]!r}. Is the file cut or edited, or from another version of the venue's interface?"
    )


def _said(detail: str, source: Source) -> Issue:
    times = [line.received for line in lines(source)]
    first, last = (times[0], times[-1]) if times else (0, 0)
    return Issue(kind="left_out", severity="info", ts_from=first, ts_to=last + 1, detail=detail, origin="import")
