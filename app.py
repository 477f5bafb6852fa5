"""The WSGI entry: `flask run`, gunicorn and the tests all start the portal here."""

import gc

# What starting makes stays for good: looking through it for garbage again and again costs a sixth of the start,
# and later, frozen, it is no burden to the collections between requests.
gc.disable()

from sqlalchemy.orm import configure_mappers  # noqa: E402

from portal import create_app  # noqa: E402

app = create_app()
# The first query would do it, after the freeze: twenty thousand objects that every full collection looks through again.
configure_mappers()
gc.freeze()
gc.enable()
