"""The table: Markdown, a row for each model, a group of columns for each number of threads."""
import re

from results import PEERS, geomean, limit_ms, milliseconds, ratio, thread_counts


def number(value, form=".3g"):
    """Three digits, but no exponent for what is long."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 1000 else f"{value:{form}}"


def threads(count):
    return f"{count} thread" + ("s" if count > 1 else "")


def cell(text):
    """Text that stays in its cell: a model is named after a file, which may be called anything."""
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", " ".join(text.split()))


def share(run):
    """nncc's share of the limit."""
    limit, time = limit_ms(run), milliseconds(run, "nncc")
    return f"{100 * limit / time:.0f} %" if limit is not None and time else "-"


def columns(results, peers):
    """[(title, figure of a model's runs)]; only the first number of threads shows the peers' times."""
    found = []
    for count in thread_counts(results):
        of = lambda get, key=str(count): lambda runs: get(runs[key]) if key in runs else "-"
        if not found:
            prefix = f"{threads(count)}: "
            found += [(PEERS[kind], of(lambda run, kind=kind: number(milliseconds(run, kind)))) for kind in peers]
            found.append(("nncc", of(lambda run: number(milliseconds(run, "nncc")))))
            found[0] = (prefix + found[0][0], found[0][1])
        else:
            found.append((f"{threads(count)}: nncc", of(lambda run: number(milliseconds(run, "nncc")))))
        if peers:
            found.append(("ratio", of(lambda run: number(ratio(run), ".2f"))))
        found.append(("of limit", of(share)))
    return found


def introduction(results, peers):
    versions, rounds = results["versions"], results["rounds"]
    flags = f" ({' '.join(results['flags'])})" if results["flags"] else ""
    text = f"Milliseconds on {results['cpu']} of nncc {versions['nncc']}{flags}"
    if peers:
        names = " and ".join(f"{PEERS[kind]} {versions[kind]}" for kind in peers)
        fastest = "the faster of them" if len(peers) > 1 else PEERS[peers[0]]
        text += (f", and of {names} in f32, interleaved in the same run; the ratio is {fastest} to nncc: above 1 nncc "
                 "is faster")
    counted = f"the median over {rounds} rounds of a round's minimum" if rounds > 1 else "the minimum of one round"
    return (f"{text}. A time is {counted}; `of limit` is the share of nncc's time that the machine needs at least for "
            "the arithmetic or the memory traffic of the model's nodes; it passes 100 % where data lie in a cache, and "
            "where Winograd's convolutions need fewer operations.")


def summary(results):
    """A line for each number of threads: the machine, and the ratios' mean."""
    lines = []
    for count in thread_counts(results):
        runs = [model["threads"][str(count)] for model in results["models"] if str(count) in model["threads"]]
        machine = [run for run in runs if run.get("peak_gflops")]
        line = threads(count)
        if machine:
            most = [max(run[key] for run in machine) for key in ("peak_gflops", "read_gbs")]
            line += f" ({most[0]:.0f} GFLOP/s, {most[1]:.1f} GB/s)"
        ratios = [r for r in map(ratio, runs) if r]
        if ratios:
            slower = sum(r < 1 for r in ratios)
            line += (f": the geometric mean of the ratio over {len(ratios)} models is {geomean(ratios):.2f}; "
                     f"nncc is slower on {slower or 'none'}") if len(ratios) > 1 else f": the ratio is {ratios[0]:.2f}"
        lines.append(line + ".")
    return lines


def remarks(results):
    """What went wrong, and what was not checked."""
    lines = []
    for model in results["models"]:
        if model["problem"]:
            lines.append(f"{model['name']}: {model['problem']}")
        elif not model["compared"]:
            lines.append(f"{model['name']}: its outputs were not compared with any.")
        lines += [f"{model['name']}: {note}" for note in model["notes"]]
    return lines


def render(results):
    """The whole text."""
    runs = [run for model in results["models"] for run in model["threads"].values()]
    peers = [kind for kind in PEERS if any(run.get(kind) for run in runs)]
    found = columns(results, peers)
    lines = []
    if found:
        titles = ["model"] + [title for title, _ in found]
        lines += [introduction(results, peers), "", row(titles), row(["---"] + ["--:"] * len(found))]
        for model in results["models"]:
            figures = ["fails" if model["problem"] and i == 0 else get(model["threads"])
                       for i, (_, get) in enumerate(found)]
            lines.append(row([cell(model["name"])] + figures))
        lines += ["", "  \n".join(summary(results))]
    notes = remarks(results)
    if notes:
        lines += ([""] if lines else []) + [f"- {cell(note)}" for note in notes]
    return "\n".join(lines) + "\n"


def row(cells):
    return "| " + " | ".join(cells) + " |"
