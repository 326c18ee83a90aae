"""Where torch and torchvision come from, and whether the two that were installed fit together."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

PYTORCH_INDEX = "https://download.pytorch.org/whl/"
CUDA_SERIES = ("13.2", "13.0", "12.8", "12.6")
PAIR = ("torch", "torchvision")
CHECK = """
import importlib.metadata as metadata
print(metadata.version("torch"), metadata.version("torchvision"), flush=True)
import torch, torchvision
torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
"""


def pinned_pair(constraints_text: str) -> list[str]:
    """List the pins of torch and torchvision as pip wants them."""
    pins = dict(line.split("==", 1) for line in constraints_text.splitlines() if "==" in line)
    return [f"{name}=={pins[name].split(';')[0].strip()}" for name in PAIR]


def driver_cuda(nvidia_smi_text: str) -> float | None:
    """Read the newest CUDA series that the installed NVIDIA driver runs from what nvidia-smi prints."""
    found = re.search(r"CUDA Version:\s*(\d+\.\d+)", nvidia_smi_text)
    return float(found.group(1)) if found else None


def ask_windows_driver() -> str:
    """Give what nvidia-smi prints; empty where there is no NVIDIA driver, and on every system but Windows."""
    program = shutil.which("nvidia-smi")
    if os.name != "nt" or not program:
        return ""
    answer = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return answer.stdout.decode("utf-8", "replace")


def fetch_page(url: str) -> str:
    """Fetch a page; empty when it can't be had."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read().decode("utf-8", "replace")
    except OSError:
        return ""


def windows_index(
    torch_pin: str, *, ask_driver: Callable[[], str] = ask_windows_driver, fetch: Callable[[str], str] = fetch_page
) -> str | None:
    """Choose PyTorch's own index for a Windows machine with an NVIDIA driver: PyPI's torch for Windows has no CUDA.

    The newest series that the driver runs and that has the pinned torch; None without a driver or such a series.
    """
    driver = driver_cuda(ask_driver())
    if driver is None:
        return None
    file_start = torch_pin.replace("==", "-")
    for series in CUDA_SERIES:
        url = f"{PYTORCH_INDEX}cu{series.replace('.', '')}"
        if float(series) <= driver and file_start in fetch(url + "/torch/"):
            return url
    return None


def check_pair(python: Path) -> str | None:
    """Import torch and torchvision in the environment; returns None when they fit, else what is wrong."""
    answer = subprocess.run([str(python), "-c", CHECK], capture_output=True, text=True, check=False)
    return judge_pair(answer.returncode, answer.stdout, answer.stderr)


def judge_pair(exit_code: int, versions: str, errors: str) -> str | None:
    """Judge the outcome of `CHECK`: two builds of one origin carry the same local mark (`+cpu`, `+cu132`, none)."""
    if exit_code != 0:
        return ([line for line in errors.splitlines() if line.strip()] or ["torch can't be imported"])[-1].strip()
    marks = {version.partition("+")[2] for version in versions.split()[:2]}
    if len(marks) > 1:
        return f"different builds: {' and '.join(versions.split()[:2])}"
    return None


def only_from(index: str | None, empty_folder: Path, env: dict[str, str]) -> dict[str, str]:
    """Make pip's environment look at one index alone: no wheel folder and no further index of this machine's set-up."""
    empty_folder.mkdir(parents=True, exist_ok=True)
    strict = {**env, "PIP_FIND_LINKS": empty_folder.as_uri()}
    if index:
        strict.update(PIP_INDEX_URL=index, PIP_EXTRA_INDEX_URL=index)
    return strict
