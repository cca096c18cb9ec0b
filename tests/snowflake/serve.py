"""The emulator as a server, corrected as in the process: python serve.py PORT CERTIFICATE KEY."""

from __future__ import annotations

import sys

import uvicorn
from emulator import emulated

if __name__ == "__main__":
    with emulated():
        from fakesnow.server import app  # makes its account when it is imported

        uvicorn.run(
            app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", ssl_certfile=sys.argv[2],
            ssl_keyfile=sys.argv[3], timeout_graceful_shutdown=1,
        )  # fmt: skip
