"""Lines of the log: many in one write, none kept back that warns, none lost at the end."""

from __future__ import annotations

import asyncio
import io
import logging

import pytest

from fhirstore.api.log_lines import LogLines, LogStream


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> logging.Logger:
    logger = logging.Logger("lines", logging.INFO)
    handler = LogStream(written)
    handler.setFormatter(LogLines())
    logger.addHandler(handler)
    return logger


def _texts(written: io.StringIO) -> list[str]:
    return [line.partition(" INFO ")[2] or line.partition(" WARNING ")[2] for line in written.getvalue().splitlines()]


async def _until(written: io.StringIO, lines: int) -> None:
    while len(_texts(written)) < lines:  # noqa: ASYNC110 - a stream tells nobody that it was written to
        await asyncio.sleep(0.01)


async def test_lines_of_one_moment_are_written_together_and_in_order(log: logging.Logger, written: io.StringIO) -> None:
    for number in range(3):
        log.info("request %d", number)
    assert written.getvalue() == ""
    await _until(written, 3)
    assert _texts(written) == ["request 0", "request 1", "request 2"]
    log.info("later")
    await _until(written, 4)


async def test_a_warning_is_written_at_once_behind_what_came_before_it(
    log: logging.Logger, written: io.StringIO
) -> None:
    log.info("before")
    log.warning("now")
    assert _texts(written) == ["before", "now"]


def test_what_is_logged_outside_of_a_loop_waits_for_nothing(log: logging.Logger, written: io.StringIO) -> None:
    log.info("alone")
    assert _texts(written) == ["alone"]


async def test_the_end_of_the_process_loses_no_line(log: logging.Logger, written: io.StringIO) -> None:
    log.info("last")
    log.handlers[0].flush()  # as `logging.shutdown` does
    assert _texts(written) == ["last"]
