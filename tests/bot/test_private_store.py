"""The private store: one bot, one state directory, one life."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store.connection import StoreError, open_client
from bot.store.private import attach, private_store, socket_url
from tests.bot.conftest import WAIT, eventually

ROOT = Path(__file__).parents[2]
RUN_STORE = """
import sys, threading
from pathlib import Path
from bot.store.private import private_store
with private_store(Path(sys.argv[1]), threading.Event().wait):
    print("up", flush=True)
    threading.Event().wait()
"""


def test_other_commands_attach_and_what_was_kept_survives_a_restart(state_dir: Path) -> None:
    with private_store(state_dir, WAIT):
        client = attach(state_dir)
        client.set("alb502:x", "1")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.close()
    with private_store(state_dir, WAIT) as url:
        client = open_client(url)
        assert client.get("alb502:x") == b"1"
        client.close()


def test_it_is_for_its_owner_alone(state_dir: Path) -> None:
    with private_store(state_dir, WAIT):
        assert oct((state_dir / "store.sock").stat().st_mode)[-3:] == "700"
        assert oct(state_dir.stat().st_mode)[-3:] == "700"
        client = attach(state_dir)
        assert client.config_get("port") == {"port": "0"}
        client.close()


def test_a_second_bot_on_the_same_directory_is_refused_in_one_line(state_dir: Path) -> None:
    with (
        private_store(state_dir, WAIT),
        pytest.raises(StoreError, match=f"Another alb502 \\(process {os.getpid()}\\)") as refused,
        private_store(state_dir, WAIT),
    ):
        pass
    assert "\n" not in str(refused.value)


def test_without_a_bot_there_is_nothing_to_attach_to(state_dir: Path) -> None:
    with pytest.raises(StoreError, match="alb502 serve"):
        attach(state_dir)


def test_a_directory_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be used"), private_store(tmp_path / "file" / "state", WAIT):
        pass
    with pytest.raises(StoreError, match="too long"), private_store(tmp_path / ("x" * 120), WAIT):
        pass


def test_it_ends_with_the_bot_even_when_that_is_killed_and_the_next_one_starts(state_dir: Path) -> None:
    command = [sys.executable, "-c", RUN_STORE, str(state_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline() == b"up\n"
        client = open_client(socket_url(state_dir))
        client.set("alb502:x", "1")
        server = client.info("server")["process_id"]
        client.close()
        bot.send_signal(signal.SIGKILL)
        bot.wait(10)
    eventually(lambda: not Path(f"/proc/{server}/exe").exists())
    with private_store(state_dir, WAIT) as url:
        client = open_client(url)
        assert client.get("alb502:x") == b"1"
        client.close()
