"""Lines of the log: many in one write, none kept back that warns, none lost at the end."""

from __future__ import annotations

import asyncio
import io
import logging

import pytest

from fhirstore.api.log_lines import LogLines, LogStream, log_line


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> logging.Logger:
    logger = logging.Logger("lines", logging.INFO)
    logger.propagate = False
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


def _told(number: int, asked: list[int]) -> str:
    asked.append(number)
    return f"request {number} 100%"


async def test_the_line_of_a_request_is_made_when_it_is_written_in_its_turn(
    log: logging.Logger, written: io.StringIO
) -> None:
    asked: list[int] = []
    log.info("before")
    log_line(log, _told, 1, asked)
    log.info("between")
    log_line(log, _told, 2, asked)
    assert asked == []
    log.warning("now")
    assert _texts(written) == ["before", "request 1 100%", "between", "request 2 100%", "now"]
    assert asked == [1, 2]


def test_the_line_of_a_request_outside_of_a_loop_waits_for_nothing(log: logging.Logger, written: io.StringIO) -> None:
    log_line(log, _told, 1, [])
    assert _texts(written) == ["request 1 100%"]


def test_the_line_of_a_request_is_left_out_where_its_level_is(log: logging.Logger, written: io.StringIO) -> None:
    log.setLevel(logging.WARNING)
    log_line(log, _told, 1, [])
    assert written.getvalue() == ""


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.levelname} {record.getMessage()}")


def test_whoever_else_listens_gets_a_record_of_each_request(log: logging.Logger, written: io.StringIO) -> None:
    other = Heard()
    log.addHandler(other)
    log_line(log, _told, 1, [])
    assert other.texts == ["INFO request 1 100%"]
    assert _texts(written) == ["request 1 100%"]


@pytest.mark.parametrize("where", ["logger", "handler"])
def test_a_filter_sees_a_record_of_each_request(log: logging.Logger, written: io.StringIO, where: str) -> None:
    (log if where == "logger" else log.handlers[0]).addFilter(lambda record: "request 1" not in record.getMessage())
    log_line(log, _told, 1, [])
    log_line(log, _told, 2, [])
    assert _texts(written) == ["request 2 100%"]


def test_another_format_is_heeded(log: logging.Logger, written: io.StringIO) -> None:
    log.handlers[0].setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log_line(log, _told, 1, [])
    assert written.getvalue() == "INFO: request 1 100%\n"
