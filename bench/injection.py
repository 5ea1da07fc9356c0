"""How much of each set the injection detector flags, at both thresholds, and what a text costs: `make bench-injection`."""

import time
from statistics import median

import injection_cases
from report import Row, report
from stoa.guards.injection import STRICT, THRESHOLD, InjectionDetector


def main() -> None:
    table: list[Row] = []
    notes: list[str] = []
    for name, threshold in (("shipped", THRESHOLD), ("strict", STRICT)):
        detector = InjectionDetector(threshold)
        rows, said = injection_cases.rows(lambda text, detector=detector: bool(detector.find(text)))
        table += [{"threshold": f"{name}, {threshold}", **row} for row in rows]
        notes += [f"{name}: {line}" for line in said]
    table += [_cost(length) for length in (100, 500, 5_000, 50_000)]
    report("injection", table, notes=[*notes, *injection_cases.absent()])


def _cost(length: int) -> Row:
    """CPU time of one text, median of many."""
    sentence = "The committee met in spring and asked the town to repair the bridge, which had been closed for two years. "
    text = (sentence * (length // len(sentence) + 1))[:length]
    detector = InjectionDetector()
    taken: list[float] = []
    for _ in range(max(5, 200_000 // length)):
        started = time.thread_time()
        detector.find(text)
        taken.append(time.thread_time() - started)
    return {"set": f"a text of {length:,} characters", "CPU us": round(median(taken) * 1e6, 1)}


if __name__ == "__main__":
    main()
