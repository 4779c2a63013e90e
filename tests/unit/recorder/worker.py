"""A recorder in a process of its own, to be killed: prints each acknowledged seq, and numbers its frames' bytes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from helios_engine.recorder import Limits, Recorder


def raw_of(seq: int) -> bytes:
    """What the frame of a seq carries: checkable without having kept it."""
    return f"frame {seq} ".encode() * (1 + seq % 40)


def main() -> None:
    limits = Limits(segment_bytes=200_000, sync_ms=1, warn_free=0, stop_free=0)

    def tell(seq: int) -> None:
        os.write(1, f"{seq}\n".encode())

    recorder = Recorder(Path(sys.argv[1]), limits, on_durable=tell)
    seq = recorder.flush() + 1
    while True:
        for entry in recorder.record(raw_of(seq), "c"):
            seq = entry.seq + 1
        if seq % 50 == 0:
            time.sleep(0.0005)


if __name__ == "__main__":
    main()
