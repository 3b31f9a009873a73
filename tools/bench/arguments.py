"""The command line of bench.py."""
import argparse
import re

from results import PEERS


def named(text, what, parse):
    """(NAME, value) of NAME=VALUE, split at the last `=`: names contain anything."""
    name, equals, value = text.rpartition("=")
    try:
        if equals and name:
            return name, parse(value)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected {what}, got '{text}'")


def extents(text):
    return [whole(extent) for extent in text.split("x")] if text else []


def whole(text):
    if not re.fullmatch("[0-9]+", text):
        raise ValueError
    return int(text)


def value(text):
    return {"true": 1, "false": 0}.get(text) if text in ("true", "false") else int(text) if re.fullmatch(
        "-?[0-9]+", text) else float(text)


def interval(text):
    least, most = map(value, text.split(":"))
    if not least <= most:
        raise ValueError
    return least, most


def listed(text, what, parse):
    try:
        found = list(dict.fromkeys(parse(item) for item in text.split(",")))
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"expected {what}, got '{text}'")
    return found


def thread_count(text):
    if not 1 <= whole(text) <= 1024:
        raise ValueError
    return int(text)


def peer(text):
    if text not in PEERS:
        raise ValueError
    return text


def positive(parse):
    def checked(text):
        try:
            number = parse(text)
        except ValueError:
            number = 0
        if not 0 < number < 1e6:
            raise argparse.ArgumentTypeError(f"expected a positive number, got '{text}'")
        return number
    return checked


def parser(description):
    p = argparse.ArgumentParser(prog="bench.py", description=description, allow_abbrev=False,
                                usage="bench.py MODEL.onnx... [options] [-- FLAGS FOR NNCC]\n"
                                "       bench.py --table-only FILE.json... [--table FILE] [--svg DIR]",
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("models", nargs="*", metavar="MODEL.onnx", help=argparse.SUPPRESS)
    g = p.add_argument_group("inputs, by their names in every model that has them")
    g.add_argument("--shape", action="append", default=[], metavar="NAME=1x3x224x224",
                   help="fix free dimensions of an input",
                   type=lambda text: named(text, "NAME=1x3x224x224", extents))
    g.add_argument("--dim", action="append", default=[], metavar="SYMBOL=N",
                   help="fix free dimensions by name; '*' is any",
                   type=lambda text: named(text, "SYMBOL=N", whole))
    g.add_argument("--value", action="append", default=[], metavar="NAME=V[,V...]",
                   help="fix an input: to nncc it is a constant, peers get it as an input",
                   type=lambda text: (text, *named(text, "NAME=V[,V...]", lambda v: list(map(value, v.split(","))))))
    g.add_argument("--range", action="append", default=[], metavar="NAME=LOW:HIGH",
                   help="of the numbers made up for an input (floats -1:1, integers 0:1)",
                   type=lambda text: named(text, "NAME=LOW:HIGH", interval))
    g.add_argument("--random", action="store_true", help="make inputs up even where some are recorded")
    g.add_argument("--seed", type=int, default=0, metavar="N", help="of the made up numbers (0)")
    g = p.add_argument_group("measuring")
    g.add_argument("--threads", default=[1], metavar="1,2", help="numbers of threads to measure at (1)",
                   type=lambda text: listed(text, "numbers from 1 to 1024 and commas", thread_count))
    g.add_argument("--rounds", type=positive(int), default=3, metavar="N", help="rounds for each number of threads (3)")
    g.add_argument("--seconds", type=positive(float), default=1, metavar="S", help="of a runtime's runs in a round (1)")
    g.add_argument("--peers", default=list(PEERS), metavar="ort,ov", help="whom to measure; '' for nncc alone (ort,ov)",
                   type=lambda text: listed(text, "ort, ov or both with a comma", peer) if text else [])
    g.add_argument("--tolerance", type=positive(float), default=1e-3, metavar="X",
                   help="largest error of an output, over its largest number (1e-3); integers must be equal")
    g.add_argument("--check", action="store_true", help="compile and compare only")
    g.add_argument("-march", metavar="CPU", help="passed to nncc, as all flags after --")
    g.add_argument("--bin", metavar="DIR", help="of nncc and nncc-run (the checkout's build/bin)")
    g.add_argument("--python", metavar="FILE",
                   help="the interpreter that has the peers (of bench-setup.sh's environment, else this one)")
    g = p.add_argument_group("output")
    g.add_argument("--table", metavar="FILE", help="write the Markdown table here, not to standard output")
    g.add_argument("--json", metavar="FILE", help="write all results here, after each model")
    g.add_argument("--svg", metavar="DIR",
                   help="write pictures DIR/MODEL-THREADS.svg: a model's nodes under the machine's roof")
    g.add_argument("--table-only", nargs="+", metavar="FILE.json", help="measure nothing: take these results")
    return p


def parse(p, command_line):
    """The options; `flags` are nncc's."""
    at = command_line.index("--") if "--" in command_line else len(command_line)
    options = p.parse_intermixed_args(command_line[:at])
    if bool(options.models) == bool(options.table_only):
        p.error("expected models, or results after --table-only; see --help")
    options.flags = [f"-march={options.march}"] if options.march else []
    options.flags += [part for text, _, _ in options.value for part in ("--value", text)] + command_line[at + 1:]
    return options
