"""Checks a picture of results.json: it is XML, shows the nodes it can, and all that it draws lies in the frame."""
import sys
import xml.etree.ElementTree as tree

SVG = "{http://www.w3.org/2000/svg}"
root = tree.parse(sys.argv[1]).getroot()
texts = ["".join(t.itertext()) for t in root.iter(SVG + "text")]
titles = [c.find(SVG + "title").text for c in root.iter(SVG + "circle") if c.find(SVG + "title") is not None]
assert texts[0] == "first: Some CPU, 1 thread (-march=x86-64-v3)", texts[0]
assert [title.splitlines()[0] for title in titles] == ['conv<&\ufffd"+relu', "add"], titles
assert "75 % of the time" in titles[0] and "(67 %)" in titles[0], titles[0]
assert "100 GFLOP/s" in texts and "10.0 GB/s" in texts
assert any(text.startswith("Not shown: 3 ") for text in texts), texts
assert "prefers-color-scheme: dark" in root.find(SVG + "style").text
_, _, width, height = map(float, root.get("viewBox").split())
for shape in root.iter():
    for key, most in (("x", width), ("y", height), ("cx", width), ("cy", height), ("x1", width), ("y2", height)):
        assert 0 <= float(shape.get(key, 0)) <= most, (shape.tag, shape.attrib)
