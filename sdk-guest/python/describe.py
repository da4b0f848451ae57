"""Reads the author's module natively, over stand-ins of the host: checks it against the manifest and prints its schemas."""

import importlib
import json
import sys
import traceback

from stoa_guest import bind
from stoa_guest.definition import definition

names = json.loads(sys.argv[1])
try:
    importlib.import_module("plugin")
    bind.check(definition, names)
    print(json.dumps(bind.schemas(definition)))
except (LookupError, TypeError) as error:
    sys.exit(f"error: {error}")
except Exception:
    # The author's own frames say where.
    sys.exit(traceback.format_exc())
