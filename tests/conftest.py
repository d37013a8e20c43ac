"""For all tests: the shipped models, loaded once, and Ctrl-C answered as usual however the tests were started."""

import signal

import pytest

import riskmodel as rm
from tests.support.models import shipped

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as `nohup` and `&` leave it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def seeds() -> rm.Model:
    """The shipped model that takes the figures of the five documents."""
    return shipped()


@pytest.fixture(scope="session")
def literature() -> rm.Model:
    """The shipped model that prefers published studies."""
    return shipped("literature")
