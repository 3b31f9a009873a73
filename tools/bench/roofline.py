"""The picture: a model's nodes under the machine's roof, as SVG. Across is a node's arithmetic by byte of memory
traffic, up its rate of arithmetic, both as logarithms; a node's area is its share of the time. The roof is the measured
bandwidth times the former, and level at the measured peak."""
import html
import math
import re

from results import limit_ms, milliseconds, node_limit_us

WIDTH, HEIGHT = 860, 540
LEFT, RIGHT, TOP, BOTTOM = 66, 24, 66, 92
LEAST_SHARE = 0.001  # of the time, for a node to be shown
FULL_RADIUS = 60  # of a node that takes all the time
LABELS = 4
STYLE = """
svg { background: #ffffff; font: 13px system-ui, sans-serif; fill: #24292f }
.grid { stroke: #d8dee4; stroke-width: 1 } .frame { stroke: #8c959f; stroke-width: 1; fill: none }
.roof { stroke: #24292f; stroke-width: 2; fill: none } .title { font-size: 16px; font-weight: 600 }
.small { font-size: 11px }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
.arithmetic { fill: #0969da; stroke: #0550ae } .memory { fill: #d4720b; stroke: #953800 } circle { fill-opacity: .5 }
.key { fill: none; stroke: #57606a }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117; fill: #e6edf3 } .halo { stroke: #0d1117 }
.grid { stroke: #2b323b } .frame { stroke: #6e7681 }
.roof { stroke: #e6edf3 }
.arithmetic { fill: #58a6ff; stroke: #a5d6ff } .memory { fill: #f0a050; stroke: #ffc680 } .key { stroke: #8b949e }
}
"""


def text(value):
    """For XML: some characters of a name may not stand in it even as references."""
    return html.escape(re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", value))


def short(name, length=30):
    """The first of the joined names, and of that the end, where names differ."""
    name = name.split("+")[0].lstrip("/")
    if len(name) <= length:
        return name
    end = name[-length:]
    return "…" + (end[end.index("/"):] if "/" in end else end[1:])


class Scale:
    """A logarithmic axis from `low` to `high`, drawn from `start` to `end`."""

    def __init__(self, low, high, start, end):
        self.low, self.high, self.start = math.log10(low), math.log10(high), start
        self.unit = (end - start) / (self.high - self.low)

    def __call__(self, value):
        return self.start + (math.log10(value) - self.low) * self.unit

    def ticks(self):
        """1, 2 and 5 of each power of ten; only the powers where those would crowd."""
        steps = (1, 2, 5) if self.high - self.low < 3 else (1,)
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        values = (step * 10.0**power for power in powers for step in steps)
        return [value for value in values if self.low - 1e-9 <= math.log10(value) <= self.high + 1e-9]


class Picture:
    def __init__(self, title, run):
        self.run = run
        self.total = sum(node["us"] for node in run["nodes"])
        self.peak, self.bandwidth = run["peak_gflops"], run["read_gbs"]
        self.nodes = [node for node in run["nodes"]
                      if node["flops"] > 0 and node["bytes"] > 0 and node["us"] > LEAST_SHARE * self.total]
        ridge = self.peak / self.bandwidth
        across = [ridge] + [node["flops"] / node["bytes"] for node in self.nodes]
        up = [self.peak] + [self.rate(node) for node in self.nodes]
        self.x = Scale(min(across) / 2, max(across) * 2, LEFT, WIDTH - RIGHT)
        self.y = Scale(min(up) / 2, max(up) * 1.6, HEIGHT - BOTTOM, TOP)
        self.ridge = ridge
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
                      f"<title>{text(title)}</title>", f"<style>{STYLE}</style>"]
        self.put(title, LEFT, 26, "title")
        self.heading()

    def rate(self, node):
        return node["flops"] / node["us"] * 1e-3

    def put(self, value, x, y, kind="", anchor="start", more=""):
        kind = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{kind} text-anchor="{anchor}"{more}>{text(value)}</text>')

    def line(self, x1, y1, x2, y2, kind):
        self.parts.append(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def heading(self):
        time, limit = milliseconds(self.run, "nncc"), limit_ms(self.run)
        self.put(f"{time:.3g} ms; at the machine's limit, the roof, all nodes would take {limit:.3g} ms "
                 f"({100 * limit / time:.0f} %)", LEFT, 48)

    def axes(self):
        bottom = HEIGHT - BOTTOM
        for value in self.x.ticks():
            self.line(self.x(value), TOP, self.x(value), bottom, "grid")
            self.put(f"{value:g}", self.x(value), bottom + 17, anchor="middle")
        for value in self.y.ticks():
            self.line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value), "grid")
            self.put(f"{value:g}", LEFT - 7, self.y(value) + 4, anchor="end")
        self.parts.append(f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" '
                          f'height="{bottom - TOP}"/>')
        self.put("operations by byte of memory traffic", (LEFT + WIDTH - RIGHT) / 2, bottom + 37, anchor="middle")
        middle = (TOP + bottom) / 2
        self.put("GFLOP/s", 18, middle, anchor="middle", more=f' transform="rotate(-90 18 {middle:.1f})"')

    def roof(self):
        left, right = 10**self.x.low, 10**self.x.high
        start = max(left, 10**self.y.low / self.bandwidth)  # where the slope enters the frame
        points = [(start, start * self.bandwidth), (self.ridge, self.peak), (right, self.peak)]
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self.parts.append(f'<polyline class="roof" points="{path}"/>')
        self.put(f"{self.peak:.0f} GFLOP/s", WIDTH - RIGHT - 6, self.y(self.peak) - 7, anchor="end")
        middle = math.sqrt(start * self.ridge)
        x, y = self.x(middle), self.y(middle * self.bandwidth)
        angle = -math.degrees(math.atan2(-self.y.unit, self.x.unit))
        turned = f' transform="rotate({angle:.1f} {x:.1f} {y:.1f})"'
        self.put(f"{self.bandwidth:.1f} GB/s", x, y - 7, anchor="middle", more=turned)

    def point(self, node):
        share, limit = node["us"] / self.total, node_limit_us(self.run, node)
        intensity = node["flops"] / node["bytes"]
        x, y = self.x(intensity), self.y(self.rate(node))
        kind = "memory" if intensity < self.ridge else "arithmetic"
        about = (f"{node['name']}\n{node['us']:.4g} µs, {100 * share:.2g} % of the time\n"
                 f"{self.rate(node):.3g} GFLOP/s, "
                 f"{node['bytes'] / node['us'] * 1e-3:.3g} GB/s, {intensity:.3g} operations by byte\n"
                 f"the machine's limit: {limit:.4g} µs ({100 * limit / node['us']:.0f} %)")
        radius = max(2.5, FULL_RADIUS * math.sqrt(share))
        self.parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
                          f"<title>{text(about)}</title></circle>")
        return x, y, radius

    def points(self):
        """All nodes, the largest first so that none is hidden, and the names of the first where there is room."""
        places = [(node, *self.point(node)) for node in sorted(self.nodes, key=lambda node: -node["us"])]
        taken = [(x - radius, y - radius, x + radius, y + radius) for _, x, y, radius in places]
        labels = LABELS
        for node, x, y, radius in places:
            name = short(node["name"])
            width = 6 * len(name)
            for left, middle in ((x + radius + 4, y), (x - radius - 4 - width, y), (x - width / 2, y + radius + 10),
                                 (x - width / 2, y - radius - 8)):
                box = (left, middle - 7, left + width, middle + 7)
                inside = LEFT < box[0] and box[2] < WIDTH - RIGHT and TOP < box[1] and box[3] < HEIGHT - BOTTOM
                if labels and inside and not any(
                        box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
                    taken.append(box)
                    labels -= 1
                    self.put(name, left, middle + 4, "small halo")
                    break

    def key(self):
        """What colours and sizes mean, and what is left out."""
        y, x = HEIGHT - 32, LEFT
        for kind, what in (("arithmetic", "limited by arithmetic"), ("memory", "limited by memory")):
            self.parts.append(f'<circle class="{kind}" cx="{x + 6}" cy="{y - 4}" r="6"/>')
            self.put(what, x + 18, y)
            x += 170
        for share in (0.01, 0.05):
            radius = FULL_RADIUS * math.sqrt(share)
            self.parts.append(f'<circle class="key" cx="{x + radius:.1f}" cy="{y - 4}" r="{radius:.1f}"/>')
            self.put(f"{100 * share:.0f} % of the time", x + 2 * radius + 6, y)
            x += 2 * radius + 130
        rest = len(self.run["nodes"]) - len(self.nodes)
        if rest:
            left = 1 - sum(node["us"] for node in self.nodes) / self.total
            self.put(f"Not shown: {rest} without arithmetic or below {100 * LEAST_SHARE:.1f} % of the time, "
                     f"{100 * left:.1f} % of it together.", LEFT, HEIGHT - 8, "small")

    def svg(self):
        return "\n".join(self.parts + ["</svg>"]) + "\n"


def render(title, run):
    """The file's text, or None when no node has been measured."""
    if not run.get("nodes") or not sum(node["us"] for node in run["nodes"]):
        return None
    picture = Picture(title, run)
    for draw in (picture.axes, picture.roof, picture.points, picture.key):
        draw()
    return picture.svg()
