"""The home folder: where everything that one Stoa keeps on this machine lies, and under which name."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below one home folder. `prepare` makes the folders with mode 0700; the properties only name them."""

    path: Path

    def prepare(self) -> None:
        for folder in (self.path, self.run, self.secrets, self.wal, self.objects, self.logs, self.backups, self.models):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    @property
    def run(self) -> Path:
        """Lock, process ids and ports of the Stoa that is running; of no use once it has stopped."""
        return self.path / "run"

    @property
    def limits(self) -> Path:
        """Where several gateway workers count requests and spend together, for as long as this Stoa runs."""
        return self.run / "limits"

    @property
    def metrics(self) -> Path:
        """The numbers of each gateway worker, as it put them there last."""
        return self.run / "metrics"

    @property
    def secrets(self) -> Path:
        """The master key and the local management key, each of mode 0600."""
        return self.path / "secrets"

    @property
    def database(self) -> Path:
        """The SQLite database, unless `database.url` names another."""
        return self.path / "stoa.sqlite"

    @property
    def jobs_database(self) -> Path:
        """The durable jobs' own SQLite file: one writer a file, so jobs do not queue behind requests."""
        return self.path / "jobs.sqlite"

    @property
    def vectors(self) -> Path:
        """The embedded vector and lexical index."""
        return self.path / "vectors"

    @property
    def graph(self) -> Path:
        """What passages lead to which, beside the index."""
        return self.path / "graph"

    @property
    def triples(self) -> Path:
        """The knowledge graph: what documents say, and views of it."""
        return self.path / "triples"

    @property
    def objects(self) -> Path:
        """Raw and parsed documents, by content hash."""
        return self.path / "objects"

    @property
    def sources(self) -> Path:
        """What sources keep between their syncs, such as clones; all of it can be fetched again."""
        return self.path / "sources"

    @property
    def wal(self) -> Path:
        """The gateway's write-ahead log of usage."""
        return self.path / "wal"

    def wal_of(self, worker: int) -> Path:
        """That of one of the gateway's workers: the first one's is `wal`, the second one's `wal-2`."""
        return self.wal if worker == 1 else self.path / f"wal-{worker}"

    def left_wals(self, workers: int) -> list[Path]:
        """Logs of workers that there were once, above the number there is now."""
        numbered = ((path, path.name.removeprefix("wal-")) for path in self.path.glob("wal-*"))
        return sorted(path for path, number in numbered if number.isdigit() and int(number) > workers)

    def contents_of(self, worker: int) -> Path:
        """What was asked and answered, sealed, on its way from one of the gateway's workers to control."""
        return self.path / ("contents" if worker == 1 else f"contents-{worker}")

    @property
    def snapshot(self) -> Path:
        """The last snapshot the gateway took, so that it can start while control is down."""
        return self.path / "snapshot.msgpack"

    @property
    def models(self) -> Path:
        """Model files built once from installed weights."""
        return self.path / "models"

    @property
    def tokenizers(self) -> Path:
        """`tokenizer.json` files that models name, unless `gateway.tokenizers` names another folder."""
        return self.path / "tokenizers"

    @property
    def logs(self) -> Path:
        """One log file a role."""
        return self.path / "logs"

    @property
    def backups(self) -> Path:
        """Copies of the database, one before each migration."""
        return self.path / "backups"
