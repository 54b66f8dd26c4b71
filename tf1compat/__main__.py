"""The ``tf1compat`` command, ``python -m tf1compat <task>``: it ends as a shell expects.

Nothing is imported before signals are taken care of, for the rest takes seconds.
"""

try:
    import contextlib
    import os
    import sys

    from tf1compat.stopping import Stopped, asked_to_stop, ignore, install

    install()
except KeyboardInterrupt:
    raise SystemExit(130) from None

__all__ = ["main"]


def main() -> None:
    """Runs the task that the command line names and exits with its status.

    Raises:
      SystemExit: with the status; see :func:`tf1compat.apps.run`.
    """
    try:
        try:
            from tf1compat.apps.main import run

            run()
        finally:
            ignore()
    except Stopped as stopped:
        sys.stderr.write(f"tf1compat: error: {stopped}\n")
        _end(stopped.status)
    except SystemExit as end:
        if asked := asked_to_stop():
            _end(asked.status)
        if _others_run() and isinstance(end.code, int):
            _end(end.code)
        raise


def _others_run() -> bool:
    """Tells whether a model's code left a thread for which Python would wait, deaf to signals."""
    import threading

    main_thread = threading.main_thread()
    return any(not one.daemon and one is not main_thread for one in threading.enumerate())


def _end(status: int) -> None:
    """Ends the process: modules that were imported by half may fail as they are torn down."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
