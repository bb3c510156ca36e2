"""`helm test` runs this in a pod: every process of the bot says whether it works, and why if it does not."""

import os
import socket
import sys
import urllib.error
import urllib.request

PORT = int(os.environ.get("OPS_PORT", "9090"))

try:
    found = socket.getaddrinfo(os.environ["OPS_HOST"], PORT, type=socket.SOCK_STREAM)
except OSError as error:
    sys.exit(f"no pod of alb502 is found: {error}")
failed = False
for address in sorted({str(entry[4][0]) for entry in found}):
    host = f"[{address}]" if ":" in address else address
    try:
        with urllib.request.urlopen(f"http://{host}:{PORT}/readyz", timeout=10) as answer:
            said = answer.read().decode()
    except urllib.error.HTTPError as error:
        failed, said = True, error.read().decode()
    except OSError as error:
        failed, said = True, f"does not answer: {error}"
    print(address, said)
sys.exit(failed)
