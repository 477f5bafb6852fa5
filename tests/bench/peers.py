"""The engines that the directory's own index is held against, each as one would set it up first.

Whoever needs words gets the morphemes of the index's own analyser, joined by spaces, in texts and in queries; the
analysis of a query counts. The raw ones read texts as typed. Filters are what each engine offers for them; facet counts
are of all that was found under all filters (the portal leaves a facet's own choice out of its counts, which costs more).
"""

from __future__ import annotations

import json
import os
import pickle
import re
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.listings import Asked, Listings

LIMIT = 20


class Engine:
    """build: make the index in a folder, once; open: in another process; find: the best listings, and the counts of all
    facet values where they are asked for and the engine can count (`counts`)."""

    counts = False
    analysed = True
    """Whether texts and queries come as morphemes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, made: Listings, texts: Sequence[str]) -> None:
        raise NotImplementedError

    def open(self) -> None:
        raise NotImplementedError

    def find(self, asked: Asked, counts: bool) -> list[int]:
        raise NotImplementedError

    def processor(self) -> float:
        """Seconds of CPU so far."""
        return time.process_time()

    def megabytes(self) -> float:
        """Memory of the process now, mapped pages that were touched included."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 2**20

    def words(self, text: str) -> str:
        from portal.directory import tokens

        return " ".join(tokens.morphemes(tokens.fold(text))) if self.analysed else text

    def close(self) -> None:
        pass


def _typed(text: str) -> list[str]:
    return re.findall(r"\w+", text)


class Ours(Engine):
    """`portal.directory.index`."""

    counts, analysed = True, False

    def build(self, made: Listings, texts: Sequence[str]) -> None:
        from portal.directory.index import ListingIndex

        values = dict(enumerate(made.values))
        ListingIndex.build(enumerate(texts), values, made.groups).save(self.folder / "listings.index")

    def open(self) -> None:
        from portal.directory.index import ListingIndex

        self._index = ListingIndex.load(self.folder / "listings.index")

    def find(self, asked: Asked, counts: bool) -> list[int]:
        if not asked.chosen:
            return [key for key, _ in self._index.search(asked.text, LIMIT)]
        return list(self._index.find(asked.text, chosen=asked.chosen, limit=LIMIT, counts=counts).ids)


class _Masked(Engine):
    """An engine that scores all listings: the filter is a row of yes and no for each facet value."""

    def keep_masks(self, made: Listings) -> None:
        masks = np.zeros((len(made.groups), len(made.texts)), dtype=bool)
        for number, values in enumerate(made.values):
            masks[list(values), number] = True
        np.save(self.folder / "masks.npy", masks)

    def open_masks(self) -> None:
        self._masks = np.load(self.folder / "masks.npy", mmap_mode="r")

    def mask(self, asked: Asked) -> np.ndarray:
        kept = np.ones(self._masks.shape[1], dtype=bool)
        for values in asked.chosen.values():
            kept &= self._masks[list(values)].any(axis=0)
        return kept


class Bm25s(_Masked):
    """bm25s on morphemes, k1 0.9, b 0.4."""

    backend = "numpy"

    def build(self, made: Listings, texts: Sequence[str]) -> None:
        import bm25s

        index = bm25s.BM25(k1=0.9, b=0.4, backend=self.backend)
        index.index([text.split() or ["-"] for text in texts], show_progress=False)
        index.save(str(self.folder / "bm25s"))
        self.keep_masks(made)

    def open(self) -> None:
        import bm25s

        self._index = bm25s.BM25.load(str(self.folder / "bm25s"), mmap=True)
        if self.backend == "numba":
            self._index.backend = "numba"
            self._index.activate_numba_scorer()
        self.open_masks()

    def find(self, asked: Asked, counts: bool) -> list[int]:
        words = [word for word in self.words(asked.text).split() if word in self._index.vocab_dict]
        if not words:
            return []
        mask = self.mask(asked).astype(np.float32) if asked.chosen else None
        count = self._index.scores["num_docs"]
        ids, scores = self._index.retrieve(
            [words], k=min(LIMIT, count), show_progress=False, n_threads=1, weight_mask=mask,
            backend_selection="numba" if self.backend == "numba" else "numpy",
        )  # fmt: skip
        return [int(one) for one, score in zip(ids[0], scores[0], strict=True) if score > 0]


class Bm25sCompiled(Bm25s):
    backend = "numba"


class Tfidf(_Masked):
    """scikit-learn's TF-IDF on grams of characters within words, cosine."""

    analysed = False

    def build(self, made: Listings, texts: Sequence[str]) -> None:
        from scipy.sparse import save_npz
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), dtype=np.float32)
        table = words.fit_transform(texts).T.tocsr()
        save_npz(self.folder / "tfidf.npz", table)
        (self.folder / "tfidf.pickle").write_bytes(pickle.dumps(words))
        self.keep_masks(made)

    def open(self) -> None:
        from scipy.sparse import load_npz

        self._words = pickle.loads((self.folder / "tfidf.pickle").read_bytes())
        self._table = load_npz(self.folder / "tfidf.npz").tocsr()
        self.open_masks()

    def find(self, asked: Asked, counts: bool) -> list[int]:
        scores = np.asarray((self._words.transform([asked.text]) @ self._table).todense()).ravel()
        if asked.chosen:
            scores = scores * self.mask(asked)
        best = np.argpartition(-scores, min(LIMIT, len(scores) - 1))[:LIMIT]
        return [int(at) for at in best[np.argsort(-scores[best], kind="stable")] if scores[at] > 0]


class Tantivy(Engine):
    """tantivy on morphemes; one number field for each facet."""

    counts = True

    def build(self, made: Listings, texts: Sequence[str]) -> None:
        import tantivy

        index = tantivy.Index(self._schema(made.groups), path=str(self._place(made.groups)))
        writer = index.writer(64_000_000, num_threads=1)
        for number, (text, values) in enumerate(zip(texts, made.values, strict=True)):
            document = tantivy.Document()
            document.add_text("text", text)
            document.add_unsigned("number", number)
            for value in values:
                document.add_unsigned(f"facet{made.groups[value]}", value)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def _place(self, groups: Sequence[int]) -> Path:
        place = self.folder / "tantivy"
        place.mkdir(exist_ok=True)
        (self.folder / "groups.json").write_text(json.dumps(list(groups)))
        return place

    def _schema(self, groups: Sequence[int]) -> Any:
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
        schema.add_unsigned_field("number", stored=False, fast=True)
        for group in sorted(set(groups)):
            schema.add_unsigned_field(f"facet{group}", indexed=True, fast=True)
        return schema.build()

    def open(self) -> None:
        import tantivy

        groups = json.loads((self.folder / "groups.json").read_text())
        self._known = self._schema(groups)
        self._searcher = tantivy.Index(self._known, path=str(self.folder / "tantivy")).searcher()
        self._facets = {
            f"facet{group}": {"terms": {"field": f"facet{group}", "size": groups.count(group)}}
            for group in sorted(set(groups))
        }

    def find(self, asked: Asked, counts: bool) -> list[int]:
        from tantivy import Occur, Query

        words = [
            (Occur.Should, Query.term_query(self._known, "text", word, "freq"))
            for word in dict.fromkeys(self.words(asked.text).split())
        ]
        if not words:
            return []
        parts = [(Occur.Must, Query.boolean_query(words))]
        for facet, values in asked.chosen.items():
            some = [(Occur.Should, Query.term_query(self._known, f"facet{facet}", value, "basic")) for value in values]
            parts.append((Occur.Must, Query.const_score_query(Query.boolean_query(some), 0.0)))
        query = Query.boolean_query(parts)
        hits = [address for _, address in self._searcher.search(query, LIMIT, count=False).hits]
        if counts:
            self._searcher.aggregate(query, self._facets)
        return [int(one) for one in self._searcher.fast_field_values("number", hits)]


class Fts5(Engine):
    """SQLite FTS5 on morphemes (unicode61), its bm25."""

    counts = True
    tokenizer = "unicode61"

    def build(self, made: Listings, texts: Sequence[str]) -> None:
        with sqlite3.connect(self.folder / "fts5.sqlite3") as base:
            base.execute(f"CREATE VIRTUAL TABLE listing USING fts5(text, content='', tokenize='{self.tokenizer}')")
            base.execute("CREATE TABLE facet (listing INTEGER, facet INTEGER, value INTEGER, PRIMARY KEY (listing, value)) WITHOUT ROWID")
            base.executemany("INSERT INTO listing (rowid, text) VALUES (?, ?)", enumerate(texts))
            rows = ((number, made.groups[value], value) for number, held in enumerate(made.values) for value in held)
            base.executemany("INSERT INTO facet VALUES (?, ?, ?)", rows)
            base.execute("INSERT INTO listing (listing) VALUES ('optimize')")

    def open(self) -> None:
        self._base = sqlite3.connect(self.folder / "fts5.sqlite3")

    def find(self, asked: Asked, counts: bool) -> list[int]:
        words = [f'"{word}"' for word in dict.fromkeys(_typed(self.words(asked.text))) if self.holds(word)]
        if not words:
            return []
        where = "listing MATCH ?" + "".join(
            f" AND EXISTS (SELECT 1 FROM facet WHERE facet.listing = listing.rowid AND value IN ({', '.join(map(str, values))}))"
            for values in asked.chosen.values()
        )
        found = " OR ".join(words)
        best = self._base.execute(f"SELECT rowid FROM listing WHERE {where} ORDER BY rank, rowid LIMIT {LIMIT}", (found,)).fetchall()
        if counts:
            inner = f"SELECT rowid FROM listing WHERE {where}"
            self._base.execute(f"SELECT value, count(*) FROM facet WHERE listing IN ({inner}) GROUP BY value", (found,)).fetchall()
        return [row[0] for row in best]

    def holds(self, word: str) -> bool:
        return True


class Fts5Typed(Fts5):
    """The same on words as typed."""

    analysed = False


class Fts5Trigram(Fts5):
    """SQLite FTS5 with trigrams, on texts as typed."""

    analysed, tokenizer = False, "trigram"

    def holds(self, word: str) -> bool:
        return len(word) >= 3


class Postgres(Engine):
    """PostgreSQL full-text search on morphemes: "simple", GIN, ts_rank_cd; CPU of server and client together."""

    counts = True
    _pid = 0

    def build(self, made: Listings, texts: Sequence[str]) -> None:
        from tests.postgres import Postgres as Server

        self._server = Server()
        self._connect()
        run = self._connection.execute
        run("CREATE TABLE listing (id int PRIMARY KEY, words tsvector, held int[])")
        with self._connection.cursor().copy("COPY listing (id, words, held) FROM STDIN") as copy:
            for number, (text, values) in enumerate(zip(texts, made.values, strict=True)):
                copy.write_row((number, _vector(text), "{" + ",".join(map(str, values)) + "}"))
        run("CREATE INDEX ON listing USING gin (words)")
        run("CREATE INDEX ON listing USING gin (held)")
        run("VACUUM ANALYZE listing")

    def _connect(self) -> None:
        import psycopg

        address = self._server.url().replace("+psycopg", "")
        self._connection = psycopg.connect(address, autocommit=True)
        self._pid = self._connection.info.backend_pid

    def open(self) -> None:
        self.find(Asked("합성", {}), False)

    def processor(self) -> float:
        nanoseconds = int(Path(f"/proc/{self._pid}/schedstat").read_text().split()[0]) if self._pid else 0
        return time.process_time() + nanoseconds / 1e9

    def megabytes(self) -> float:
        return float("nan")  # the server's cache is everybody's

    def find(self, asked: Asked, counts: bool) -> list[int]:
        words = dict.fromkeys(_typed(self.words(asked.text).lower()))
        if not words:
            return []
        where = "words @@ q" + "".join(f" AND held && '{{{','.join(map(str, some))}}}'::int[]" for some in asked.chosen.values())
        query = " | ".join(f"'{word}'" for word in words)
        run = self._connection.execute
        best = run(
            f"SELECT id FROM listing, CAST(%s AS tsquery) q WHERE {where} ORDER BY ts_rank_cd(words, q) DESC, id LIMIT {LIMIT}",
            (query,),
        ).fetchall()
        if counts:
            run(
                f"SELECT value, count(*) FROM listing, CAST(%s AS tsquery) q, unnest(held) value WHERE {where} GROUP BY value",
                (query,),
            ).fetchall()
        return [row[0] for row in best]

    def close(self) -> None:
        self._connection.close()
        self._server.stop()


def _vector(text: str) -> str:
    """A tsvector as text: each word with its places."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(_typed(text.lower()), start=1):
        places.setdefault(word, []).append(min(place, 16_383))
    return " ".join(f"'{word}':{','.join(map(str, some[:255]))}" for word, some in places.items())


class PostgresTyped(Postgres):
    analysed = False


ENGINES: dict[str, type[Engine]] = {
    "ours": Ours,
    "bm25s-numba": Bm25sCompiled,
    "bm25s-numpy": Bm25s,
    "tantivy": Tantivy,
    "tfidf": Tfidf,
    "fts5-morphemes": Fts5,
    "fts5-unicode61": Fts5Typed,
    "fts5-trigram": Fts5Trigram,
    "postgresql-morphemes": Postgres,
    "postgresql-simple": PostgresTyped,
}
LABELS = {
    "ours": "`ListingIndex` (ours)",
    "bm25s-numba": "bm25s (numba), morphemes",
    "bm25s-numpy": "bm25s (numpy), morphemes",
    "tantivy": "tantivy, morphemes",
    "tfidf": "scikit-learn TF-IDF, char_wb",
    "fts5-morphemes": "SQLite FTS5, morphemes",
    "fts5-unicode61": "SQLite FTS5 unicode61, as typed",
    "fts5-trigram": "SQLite FTS5 trigram, as typed",
    "postgresql-morphemes": "PostgreSQL FTS, morphemes",
    "postgresql-simple": "PostgreSQL FTS simple, as typed",
}
