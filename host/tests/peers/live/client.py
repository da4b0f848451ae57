"""The same as client.js, by python-socketio."""

import json
import sys
import threading

import socketio

url, transports, auth = sys.argv[1:4]
client = socketio.Client(reconnection=False)


# Handlers run in threads of their own.
line = threading.Lock()


def tell(event, *args):
    with line:
        sys.stdout.write(json.dumps({"event": event, "args": args}) + "\n")
        sys.stdout.flush()


client.on("connect", lambda: tell("connect", client.transport()))
client.on("connect_error", lambda data: tell("connect_error", data["message"] if isinstance(data, dict) else str(data)))
client.on("disconnect", lambda reason=None: tell("disconnect", reason))
client.on("*", lambda event, *args: tell(event, *args))

try:
    client.connect(url, auth=json.loads(auth), transports=json.loads(transports))
except socketio.exceptions.ConnectionError:
    sys.exit()
for text in sys.stdin:
    wanted = json.loads(text)
    client.emit(wanted["emit"], wanted.get("data"), callback=lambda answer: tell("ack", answer))
client.disconnect()
