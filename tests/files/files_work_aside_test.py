"""Work on other threads is done in full or broken off, and leaves no thread behind."""

import contextvars
import threading

import pytest

from tf1compat.files.work_aside import WorkAside

LARGE = 1 << 20


def threads():
    return [one for one in threading.enumerate() if one.name.startswith("tf1compat-aside")]


def test_large_work_is_done_on_another_thread_and_little_on_the_same():
    with WorkAside() as aside:
        large = aside.take(LARGE, threading.current_thread)
        little = aside.take(8, threading.current_thread)
    assert large.result() is not threading.main_thread()
    assert little.result() is threading.main_thread()
    assert threads() == []


@pytest.mark.parametrize("size", [8, LARGE])
def test_an_error_of_the_work_is_its_futures(size):
    def fail():
        raise ValueError("of the work")

    with WorkAside() as aside:
        failed = aside.take(size, fail)
    with pytest.raises(ValueError, match="of the work"):
        failed.result()


def test_what_is_under_way_is_bounded():
    gate, begun = threading.Event(), []

    def wait_for(number):
        begun.append(number)
        assert gate.wait(10)

    with WorkAside() as aside:
        aside.take(LARGE, lambda: wait_for(0))
        aside.make_room()  # for there is room still
        first = aside.take(100 * LARGE, lambda: wait_for(1))
        threading.Timer(0.05, gate.set).start()
        aside.make_room()
        assert first.done()
    assert begun == [0, 1]


def test_a_value_may_be_filled_anew_once_all_is_finished():
    values, found = bytearray(b"old"), []
    gate = threading.Event()

    def look():
        assert gate.wait(10)
        found.append(bytes(values))

    with WorkAside() as aside:
        aside.take(LARGE, look)
        threading.Timer(0.05, gate.set).start()
        aside.finish()
        values[:] = b"new"
    assert found == [b"old"]


def test_an_interrupt_breaks_off_what_has_not_begun():
    gate, done, taken = threading.Event(), [], []

    def interrupted():
        with WorkAside() as aside:
            taken.extend(aside.take(LARGE, lambda: gate.wait(10)) for _ in range(2))
            taken.append(aside.take(LARGE, lambda: done.append("late")))
            threading.Timer(0.05, gate.set).start()
            raise KeyboardInterrupt("stopped by the user")

    with pytest.raises(KeyboardInterrupt, match="stopped by the user"):
        interrupted()
    *running, waiting = taken
    assert [one.result() for one in running] == [True, True]
    assert waiting.cancelled()
    assert (done, threads()) == ([], [])


def test_work_sees_the_context_of_whoever_asks_for_it():
    asked = contextvars.ContextVar("asked", default="nobody")
    with WorkAside() as aside:
        asked.set("this test")
        assert aside.take(LARGE, asked.get).result() == "this test"
