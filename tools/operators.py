#!/usr/bin/env python3
"""operators.py LLVM_TBLGEN RECORDS [-I DIR ...] -o PAGE: the operators of the form table, with the opsets of their forms."""
import json
import subprocess
import sys


def number(bits):
    return sum(bit << i for i, bit in enumerate(bits))


def main():
    *command, flag, page = sys.argv[1:]
    assert flag == "-o"
    records = json.loads(subprocess.run(command + ["--dump-json"], stdout=subprocess.PIPE, check=True).stdout)
    forms = {}
    for name in records["!instanceof"]["Form"]:
        form = records[name]
        forms.setdefault((form["Domain"], form["Name"]), []).append(form)
    lines = ["# Operators", "", "| Operator | Form from opset | Inputs | Becomes |", "| --- | --- | --- | --- |"]
    for (domain, name), versions in sorted(forms.items()):
        for form in sorted(versions, key=lambda form: number(form["Since"])):
            least, most = number(form["MinInputs"]), number(form["MaxInputs"])
            most = "any number" if most == 255 else most
            inputs = least if least == most else f"{least} to {most}"
            row = ("", "gone") if form["Importer"] == "nullptr" else (inputs, form["Op"] or "its input")
            lines.append(f"| {domain + '.' if domain else ''}{name} | {number(form['Since'])} | {row[0]} | {row[1]} |")
    with open(page, "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
