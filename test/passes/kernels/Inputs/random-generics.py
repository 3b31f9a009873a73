"""Prints COUNT random linalg.generic ops, the same for the same SEED: ranks, extents, layouts, maps, types, reductions.

usage: random-generics.py SEED COUNT
"""
import math
import random
import sys

rng = random.Random(int(sys.argv[1]))
EXTENTS = [1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 33, 64]
TYPES = ["f32", "f32", "f32", "f64", "i8", "i16", "i32", "i64"]


def width(element):
    return int(element[1:])


class Body:
    def __init__(self):
        self.lines, self.count = [], 0

    def emit(self, text):
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"    {name} = {text}")
        return name

    def convert(self, x, source, target):
        if source == target:
            return x
        kind, wider = source[0] + target[0], width(target) > width(source)
        if kind == "fi":  # a negative value has no defined unsigned result
            x = self.emit(f"math.absf {x} : {source}")
        op = {"ff": ["extf"] if wider else ["truncf"], "if": ["sitofp", "uitofp"], "fi": ["fptosi"],
              "ii": ["extsi", "extui"] if wider else ["trunci"]}[kind]
        return self.emit(f"arith.{rng.choice(op)} {x} : {source} to {target}")

    def choose(self, predicate, x, y, element):
        condition = self.emit(f"arith.cmpf {predicate}, {x}, {y} : {element}")
        return self.emit(f"arith.select {condition}, {y}, {x} : {element}")

    def combine(self, x, y, element):
        if element[0] == "i":
            op = rng.choice(["addi", "subi", "muli", "maxsi", "minui", "andi", "xori"])
            return self.emit(f"arith.{op} {x}, {y} : {element}")
        op = rng.choice(["addf", "subf", "mulf", "max"])
        return self.choose("olt", x, y, element) if op == "max" else self.emit(f"arith.{op} {x}, {y} : {element}")

    def accumulate(self, acc, x, element):
        if element[0] == "i":
            op = rng.choice(["addi", "muli", "maxsi", "minui", "andi", "ori", "xori"])
            return self.emit(f"arith.{op} {x}, {acc} : {element}")
        op = rng.choice(["addf", "max", "nan", "min"])
        if op == "addf":
            return self.emit(f"arith.addf {acc}, {x} : {element}")
        best = self.choose("ogt" if op == "min" else "olt", acc, x, element)
        if op != "nan":
            return best
        isnan = self.emit(f"arith.cmpf uno, {x}, {x} : {element}")
        return self.emit(f"arith.select {isnan}, {x}, {best} : {element}")


def memref(shape, element):
    text = "x".join(map(str, shape + [element]))
    if not shape or rng.random() > 0.2:
        return f"memref<{text}>"
    strides, step = [], rng.choice([1, 1, 2])
    for extent in reversed(shape):
        strides.insert(0, step)
        step *= extent + rng.choice([0, 1, 3])
    return f"memref<{text}, strided<{strides}>>"


def affine(rank, exprs):
    return f"affine_map<({', '.join(f'd{i}' for i in range(rank))}) -> ({', '.join(exprs)})>"


def access(d, extent):
    """How a dimension of an operand follows the loop d: expression, extent, and whether it gives the loop's extent."""
    forms = [("0", 1), (f"d{d} * 2 + 1", 2 * extent + 1), (f"d{d} floordiv 2", (extent + 1) // 2),
             (f"d{d} mod 3", min(3, extent)), (f"{extent - 1} - d{d}", extent)]
    return (*rng.choice(forms), False) if rng.random() < 0.18 else (f"d{d}", extent, True)


def generic(name):
    rank = rng.randint(1, 4)
    sizes = [rng.choice(EXTENTS) for _ in range(rank)]
    if rank > 1 and rng.random() < 0.3:  # few steps inside a longer loop
        sizes[-2:] = [rng.choice([16, 37, 67, 130]), rng.randint(2, 16)]
    while math.prod(sizes) > 200000:
        sizes[rng.randrange(rank)] = 2
    reduced = set(rng.sample(range(rank), min(rank, rng.choice([0, 0, 0, 1, 1, 2]))))
    identity = [f"d{d}" for d in range(rank)]
    types, elements, maps, covered = [], [], [], set()
    for i in range(rng.randint(1, 3)):
        loops = [d for d in range(rank) if i == 0 or rng.random() < 0.7]
        if rng.random() < 0.4:
            rng.shuffle(loops)
        accesses = [access(d, sizes[d]) for d in loops]
        covered |= {d for d, a in zip(loops, accesses) if a[2]}
        elements.append(rng.choice(TYPES))
        types.append(memref([a[1] for a in accesses], elements[-1]))
        maps.append(affine(rank, [a[0] for a in accesses]))
    if len(covered) < rank:  # some operand must give every extent
        types[0], maps[0] = memref(sizes, elements[0]), affine(rank, identity)
    kept = [d for d in range(rank) if d not in reduced]
    if rng.random() < 0.3:
        rng.shuffle(kept)
    element = rng.choice(TYPES)
    result = memref([sizes[d] for d in kept], element)

    body = Body()
    values = [body.convert(f"%a{i}", e, element) for i, e in enumerate(elements)]
    if rng.random() < 0.15:
        index = body.emit(f"linalg.index {rng.randrange(rank)} : index")
        values.append(body.convert(body.emit(f"arith.index_cast {index} : index to i32"), "i32", element))
    value = values[0]
    for other in values[1:]:
        value = body.combine(value, other, element)
    if reduced:
        value = body.accumulate("%out", value, element)

    kinds = ", ".join('"reduction"' if d in reduced else '"parallel"' for d in range(rank))
    names = [f"%m{i}" for i in range(len(types))]
    arguments = ", ".join(f"{n}: {t}" for n, t in zip(names + ["%r"], types + [result]))
    blocks = ", ".join(f"%a{i}: {e}" for i, e in enumerate(elements))
    print(f"func.func @{name}({arguments}) {{\n"
          f"  linalg.generic {{indexing_maps = [{', '.join(maps)}, {affine(rank, [f'd{d}' for d in kept])}],"
          f" iterator_types = [{kinds}]}} ins({', '.join(names)} : {', '.join(types)}) outs(%r : {result}) {{\n"
          f"  ^bb0({blocks}, %out: {element}):")
    print("\n".join(body.lines))
    print(f"    linalg.yield {value} : {element}\n  }}\n  return\n}}")


for number in range(int(sys.argv[2])):
    generic(f"f{number}")
