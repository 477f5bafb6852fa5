"""The WSGI entry: `flask run`, gunicorn and the tests all start the portal here."""

import gc

# What starting makes stays for good: looking through it for garbage again and again costs a sixth of the start,
# and later, frozen, it is no burden to the collections between requests.
gc.disable()

from portal import create_app  # noqa: E402

app = create_app()
gc.freeze()
gc.enable()
