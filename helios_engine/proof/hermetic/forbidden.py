"""What a stage may not touch, by how it is noticed: audit events, built-in functions, and code of the library.

Audit events are those of https://docs.python.org/3/library/audit_events.html; built-in functions are known by module
and name; Python functions of the standard library by file and name.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "clock", "randomness", "file", "store", "network", "process", "environment", "thread", "memory", "engine", "system"
]


class Rule(NamedTuple):
    """What it is called in a finding. `only_direct`: it counts where a part does it, not where a library does."""

    kind: Kind
    words: str
    only_direct: bool = False


REMEDIES: dict[Kind, str] = {
    "clock": "use event.ts: that is now, in a backtest, a replay and live",
    "randomness": "take a keyword `seed`, which the run gives, and keep random.Random(seed) or default_rng(seed)",
    "file": "let a feed bring the data, or declare a file that never changes as a setting of type Path",
    "store": "let a [[feed]] bring the data: then it is heard when it could be known, and not before",
    "network": "yield a request and let an effect answer it, so that the reply is recorded",
    "process": "yield a request and let an effect answer it, so that the reply is recorded",
    "environment": "make it a setting: a typed keyword of __init__",
    "thread": "do the work within on_event, or yield a request and let an effect answer it",
    "memory": "keep what events bring; other objects of the process are not a stage's to see",
    "engine": "leave the engine as it is; what it lacks is a hook or a body of your own",
    "system": "make it a setting: a typed keyword of __init__",
}

EVENTS: dict[str, Rule] = {
    "builtins.input": Rule("system", "asks the terminal"),
    "gc.get_objects": Rule("memory", "looks through all objects of the process (gc.get_objects)"),
    "gc.get_referrers": Rule("memory", "looks who refers to an object (gc.get_referrers)"),
    "gc.get_referents": Rule("memory", "looks what an object refers to (gc.get_referents)"),
    "os.chdir": Rule("environment", "changes the working directory"),
    "os.exec": Rule("process", "starts a program"),
    "os.fork": Rule("process", "forks the process"),
    "os.forkpty": Rule("process", "forks the process"),
    "os.posix_spawn": Rule("process", "starts a program"),
    "os.spawn": Rule("process", "starts a program"),
    "os.startfile": Rule("process", "starts a program"),
    "os.system": Rule("process", "starts a program"),
    "os.putenv": Rule("environment", "changes the environment"),
    "os.unsetenv": Rule("environment", "changes the environment"),
    "socket.__new__": Rule("network", "opens a socket"),
    "socket.gethostname": Rule("system", "asks the name of the machine", True),
    "subprocess.Popen": Rule("process", "starts a program"),
    "sys._current_frames": Rule("memory", "looks into frames of the process"),
    "sys._getframe": Rule("memory", "looks into the frames that called it (sys._getframe)", True),
    "sys.setprofile": Rule("memory", "sets a profiler"),
    "sys.settrace": Rule("memory", "sets a tracer"),
    "urllib.Request": Rule("network", "opens a URL"),
}
"""Audit events without a file: always, or only where the part's own code or the standard library for it does it."""

CHANGING = frozenset(
    (
        *(f"os.{name}" for name in ("remove", "rename", "rmdir", "mkdir", "truncate", "link", "symlink", "chmod")),
        *("os.chown", "os.utime", "shutil.rmtree", "tempfile.mkstemp", "tempfile.mkdtemp"),
    )
)
"""Audit events that change a file or folder, their first argument."""
FILES = CHANGING | {"open", "os.listdir", "os.scandir", "sqlite3.connect", "glob.glob", "ctypes.dlopen"}
"""Audit events whose first argument is a file or folder."""
FRAMES = frozenset({"tb_frame", "gi_frame", "cr_frame", "f_back"})
"""Attributes whose reading is audited, and through which a caller's variables are reached."""

_SYSTEM = ("getpid", "uname", "times", "cpu_count", "sched_getaffinity")
_CLOCK = "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time clock_gettime clock_gettime_ns"
BUILTINS: dict[tuple[str, str], Rule] = {
    **{("time", name): Rule("clock", f"reads a clock (time.{name})", True) for name in _CLOCK.split()},
    **{("time", name): Rule("clock", f"reads a clock (time.{name})", True) for name in ("sleep",)},
    **{("_thread", n): Rule("thread", "starts a thread") for n in ("start_new_thread", "start_joinable_thread")},
    ("posix", "urandom"): Rule("randomness", "draws from the operating system's randomness"),
    ("_uuid", "generate_time_safe"): Rule("randomness", "makes a UUID of the clock (uuid1)"),
    **{("posix", n): Rule("file", f"asks the file system (os.{n})", True) for n in ("stat", "lstat", "access")},
    ("posix", "getcwd"): Rule("environment", "asks for the working directory", True),
    **{
        ("posix", n): Rule("system", f"asks the system (os.{n})", True)
        for n in ["getpid", "uname", "times", "cpu_count"]
    },
    ("posix", "getloadavg"): Rule("system", "asks the system (os.getloadavg)"),
}
"""Built-in functions by module and name."""
DATETIME = frozenset({"now", "utcnow", "today"})
DRAWS = frozenset({"random", "getrandbits"})
"""Methods of the hidden `random.Random` from which all functions of `random` draw."""

ENVIRONMENT = Rule("environment", "reads the environment (os.environ)", True)
UNSEEDED = Rule("randomness", "makes a generator without a seed (random.Random())")
GLOBAL_RANDOM = Rule("randomness", "draws from random's hidden generator", True)
GLOBAL_NUMPY = Rule("randomness", "draws from numpy's global generator")
NOW = Rule("clock", "reads the wall clock (datetime)", True)

READERS = (
    "/pyarrow/parquet/core.py",
    "/pyarrow/dataset.py",
    "/pyarrow/feather.py",
    "/pyarrow/orc.py",
    "/polars/io/",
    "/pandas/io/",
)
"""Python code of libraries that read files in C, where no audit event is raised."""
