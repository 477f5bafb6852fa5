"""Floor 0: knows no feature and no web. Database, clock, access, audit, outbox, files, words, mail."""
