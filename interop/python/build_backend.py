"""Builds the wheel, with nothing but the standard library: what ``pip wheel interop/python`` and ``build-wheel`` call.

The wheel holds the package, the client ``arrowcid_flight.py`` and ``libarrowcid.so``, with its build for AVX-512 in the same folder:
the library that ``ARROWCID_LIBRARY`` names, else the checkout's ``.artifacts/native/libarrowcid.so``. It runs on any Python from 3.9
on; its platform is the library's.
"""
import base64
import glob
import hashlib
import os
import platform
import re
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.join(HERE, "arrowcid")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel into a directory and gives its name."""
    own, *builds = _libraries()
    libraries = {"libarrowcid.so": _read(own), **{os.path.basename(build): _read(build) for build in builds}}
    tag = "py3-none-" + platform_of(*libraries.values())
    name = f"arrowcid-{version()}"
    files = {f"arrowcid/{each}": _read(os.path.join(PACKAGE, each)) for each in sorted(os.listdir(PACKAGE))
             if each.endswith(".py") or each == "py.typed"}
    files["arrowcid_flight.py"] = _read(os.path.join(HERE, "arrowcid_flight.py"))
    files.update((f"arrowcid/{each}", data) for each, data in libraries.items())
    files[f"{name}.dist-info/METADATA"] = _metadata().encode()
    files[f"{name}.dist-info/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: arrowcid\nRoot-Is-Purelib: false\nTag: {tag}\n").encode()
    files[f"{name}.dist-info/entry_points.txt"] = _entry_points().encode()
    files[f"{name}.dist-info/licenses/LICENSE"] = _read(os.path.join(HERE, "..", "..", "LICENSE"))
    record = f"{name}.dist-info/RECORD"
    files[record] = "".join(_recorded(path, data) for path, data in files.items()).encode() + f"{record},,\n".encode()
    os.makedirs(wheel_directory, exist_ok=True)
    wheel = f"{name}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = (0o755 if path.endswith(".so") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return wheel


def version():
    """The package's version, as ``arrowcid.__version__`` says."""
    return re.search(r'^__version__ = "(.+)"$', _read(os.path.join(PACKAGE, "__init__.py")).decode(), re.M).group(1)


def platform_of(*libraries):
    """The platform of shared libraries: the processor, and the glibc whose symbols they ask for."""
    minors = [int(minor) for library in libraries for minor in re.findall(rb"GLIBC_2\.(\d+)", library)]
    return f"manylinux_2_{max(minors)}_{platform.machine()}" if minors else f"linux_{platform.machine()}"


def _libraries():
    candidates = [os.environ.get("ARROWCID_LIBRARY") or "",
                  os.path.join(HERE, "..", "..", ".artifacts", "native", "libarrowcid.so")]
    for path in candidates:
        if os.path.isfile(path):
            return [path, *sorted(glob.glob(os.path.join(os.path.dirname(path), "libarrowcid-*.so")))]
    sys.exit("no libarrowcid.so: build it with interop/build, or name it with ARROWCID_LIBRARY")


def _metadata():
    project = _read(os.path.join(HERE, "pyproject.toml")).decode()

    def said(key, value='"(.+)"'):
        return re.search(rf"^{key} = {value}$", project, re.M).group(1)

    def quoted(key):
        return re.findall('"(.+?)"', re.search(rf"^{key} = \[(.+?)\]$", project, re.M | re.S).group(1))

    lines = ["Metadata-Version: 2.4", "Name: " + said("name"), "Version: " + version(),
             "Summary: " + said("description"), "Author: " + said("authors", r'\[{ name = "(.+)" }\]'),
             "License-Expression: " + said("license"), "License-File: LICENSE",
             "Keywords: " + ",".join(quoted("keywords")), *("Classifier: " + each for each in quoted("classifiers")),
             "Requires-Python: " + said("requires-python"),
             "Provides-Extra: pyarrow", "Requires-Dist: pyarrow>=14; extra == 'pyarrow'",
             "Provides-Extra: numpy", "Requires-Dist: numpy; extra == 'numpy'",
             "Provides-Extra: fsspec", "Requires-Dist: fsspec>=2023.9; extra == 'fsspec'",
             "Description-Content-Type: text/markdown"]
    return "\n".join(lines) + "\n\n" + _read(os.path.join(HERE, "README.md")).decode()


def _entry_points():
    project = _read(os.path.join(HERE, "pyproject.toml")).decode()
    group, points = re.search(r'^\[project\.entry-points\."(.+)"\]\n((?:\w+ = ".+"\n)+)', project, re.M).groups()
    return f"[{group}]\n" + points.replace('"', "")


def _recorded(path, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}\n"


def _read(path):
    with open(path, "rb") as file:
        return file.read()
