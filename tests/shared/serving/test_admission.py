import threading
import time

import pytest

from shared.serving.admission import Admission, BusyError


def test_bodies_are_let_in_while_there_is_room_and_wait_for_it() -> None:
    admission = Admission(100)
    let_in = threading.Event()

    def enter() -> None:
        with admission.admit(50, timeout=10):
            let_in.set()

    waiting = threading.Thread(target=enter)
    with admission.admit(40, timeout=0), admission.admit(60, timeout=0):
        waiting.start()
        assert not let_in.wait(0.1)
        assert (admission.running, admission.waiting) == (2, 1)
    assert let_in.wait(10)
    waiting.join()
    assert (admission.running, admission.waiting) == (0, 0)


def test_retries_end_with_an_error_that_says_why() -> None:
    admission = Admission(100)
    with admission.admit(100, timeout=0):
        started = time.monotonic()
        with pytest.raises(BusyError, match=r"this one of 1 bytes .* MAX_BYTES_IN_FLIGHT"):
            admission.admit(1, timeout=0.1).__enter__()
        assert 0.1 <= time.monotonic() - started < 5
    with admission.admit(1, timeout=0):
        pass


def test_what_is_larger_than_the_room_is_let_in_alone() -> None:
    admission = Admission(100)
    with admission.admit(500, timeout=0), pytest.raises(BusyError):
        admission.admit(1, timeout=0).__enter__()


def test_a_failure_gives_its_room_back() -> None:
    admission = Admission(100)
    with pytest.raises(KeyError), admission.admit(100, timeout=0):
        raise KeyError
    with admission.admit(100, timeout=0):
        pass


def test_it_knows_how_many_run() -> None:
    admission = Admission(100)
    with admission.admit(40, timeout=0), admission.admit(60, timeout=0):
        with pytest.raises(BusyError):
            admission.admit(1, timeout=0).__enter__()
        assert admission.running == 2
    assert admission.running == 0
