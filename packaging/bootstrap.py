"""Set up Unshuffle Studio in this checkout, then open its window or run its tests. Needs Python alone.

    python3 packaging/bootstrap.py          set up, then open the window (without a display: run the demo)
    python3 packaging/bootstrap.py setup    only set up
    python3 packaging/bootstrap.py test     set up, then run the tests; what follows -- goes to pytest
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from steps import debian, environment, pip_install, torch_source
from steps.progress import SetupError
from steps.stamp import Stamp, hash_of_inputs, mark_unfinished, read_stamp, write_stamp

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
DEMO = ROOT / "demo"
LOG = ROOT / ".setup.log"
USUAL_EXTRAS = ["dicom", "map", "onnx"]
STORIES = "tests/e2e"
USUAL_INDEX = "pypi"
BIG_GB, SMALL_GB, UPDATE_GB = 8.0, 3.0, 1.0
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not environment.is_supported(sys.version_info[:2]):
        return run_with_other_python(given)
    options = parse(given)
    try:
        if options.command == "test":
            setup([*USUAL_EXTRAS, "test"], torch_index=options.torch_index)
            return run_tests(options.rest)
        setup(USUAL_EXTRAS, torch_index=options.torch_index)
        return open_studio() if options.command == "run" else 0
    except SetupError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nerror: {error}. Look at that path, then run the same command again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return STOPPED


def parse(given: list[str]) -> argparse.Namespace:
    """Read the command line; `rest` is what stands after `--`."""
    cut = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(
        prog="bootstrap.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["setup", "run", "test"], default="run")
    parser.add_argument(
        "--torch-index", metavar="URL",
        help="take torch and torchvision from this package index; remembered for the next time ('pypi': the usual one)",
    )
    options = parser.parse_args(given[:cut])
    options.rest = given[cut + 1 :]
    if options.rest and options.command != "test":
        parser.error("only 'test' takes arguments after --")
    return options


def run_with_other_python(given: Sequence[str]) -> int:
    """Go on with a supported Python of this machine, or say which ones there are."""
    other = environment.other_python()
    if other:
        print(f"This is Python {platform.python_version()}; going on with {other}.", flush=True)
        return exit_code(subprocess.call([other, str(Path(__file__).resolve()), *given]))
    print(
        f"error: this is Python {platform.python_version()}, and the studio needs Python {environment.SUPPORTED_TEXT}. "
        "Install one of them, then start this file with it.", file=sys.stderr,
    )
    return 1


# ---------------------------------------------------------------- set-up


def setup(extras: Sequence[str], *, torch_index: str | None = None) -> None:
    """Bring .venv to what the pins say; says first what it will do, and does nothing when nothing changed."""
    started = time.monotonic()
    old = read_stamp(VENV)
    wanted = Stamp(hash_of_inputs(ROOT), sorted(extras), wanted_index(torch_index, old))
    lacking = debian.missing_packages()
    fresh = bool(old and old.covers(wanted)) and environment.venv_python(VENV).exists()
    if fresh and not lacking:
        print(f"Everything is set up ({VENV}).", flush=True)
        return
    prefix = debian.prefix_for_root() if lacking else None
    print(plan(wanted, lacking=lacking, may_install=prefix is not None, packages_too=not fresh), flush=True)
    lacking = add_system_packages(lacking, prefix)
    if not fresh:
        add_packages(wanted, old)
        print(f"Set up in {time.monotonic() - started:.0f} s.", flush=True)
    if lacking:
        print(f"System libraries are missing. Run this line once:\n   {debian.install_line(lacking)}", flush=True)


def wanted_index(given: str | None, old: Stamp | None) -> str | None:
    """Decide where torch comes from: what was asked for, else what it came from before, else what fits the machine."""
    if given:
        return None if given == USUAL_INDEX else given
    if old:
        return old.torch_index
    return torch_source.windows_index(pinned_pair()[0])


def pinned_pair() -> list[str]:
    """List the pins of torch and torchvision."""
    return torch_source.pinned_pair(CONSTRAINTS.read_text(encoding="utf-8"))


def plan(wanted: Stamp, *, lacking: Sequence[str], may_install: bool, packages_too: bool) -> str:
    """Say what the set-up is about to do, where, and how much it takes."""
    lines = ["Setting up Unshuffle Studio"]
    if lacking:
        how = "install with apt-get" if may_install else "missing (needs an administrator)"
        lines.append(f"   system packages   {how}: {' '.join(lacking)}")
    if packages_too:
        pins = sum("==" in line for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines())
        source = wanted.torch_index or "the usual package index"
        lines += [
            f"   environment       {VENV} (Python {platform.python_version()})",
            f"   torch             {' '.join(pinned_pair())} from {source}",
            f"   other packages    up to {pins - 2} more, at the versions in {CONSTRAINTS.relative_to(ROOT)}",
            f"   disk              up to {needed_gb(wanted.torch_index):.0f} GB, {free_gb():.0f} GB are free",
        ]
    return "\n".join(lines)


def needed_gb(torch_index: str | None) -> float:
    """Say how much disk the set-up takes: CUDA builds are big, an update of what is there is small."""
    if any(VENV.glob("lib/python*/site-packages/torch/version.py")) or (VENV / "Lib/site-packages/torch").is_dir():
        return UPDATE_GB
    cuda = "/cu" in torch_index if torch_index else sys.platform == "linux"
    return BIG_GB if cuda else SMALL_GB


def free_gb() -> float:
    """Say how much disk is free where the environment goes."""
    return shutil.disk_usage(ROOT).free / 1e9


def add_system_packages(lacking: Sequence[str], prefix: Sequence[str] | None) -> list[str]:
    """Install missing system packages where allowed; returns what is missing still. Raises without the venv package."""
    left = list(lacking)
    if left and prefix is not None:
        left = debian.install(left, prefix, LOG)
    if any(name.endswith("-venv") for name in left):
        line = debian.install_line(left)
        raise SetupError(f"this Python can't make environments. Run this line, then the same command again:\n   {line}")
    return left


def add_packages(wanted: Stamp, old: Stamp | None) -> None:
    """Make the environment and install everything into it; the stamp is written last."""
    need = needed_gb(wanted.torch_index)
    if free_gb() < need:
        raise SetupError(
            f"{free_gb():.1f} GB are free at {ROOT}, and the set-up needs about {need:.0f} GB. "
            "Free some space and run the same command again."
        )
    if not environment.works(VENV):
        print("   making the environment", flush=True)
        environment.make(VENV)
    mark_unfinished(VENV, wanted)
    finished_index = old.torch_index if old and old.inputs else None
    if wanted.torch_index or finished_index:
        install_pair(wanted.torch_index, need, force=wanted.torch_index != finished_index)
    install_all(wanted, need)
    ensure_pair(wanted, need)
    write_stamp(VENV, wanted)


def install_all(wanted: Stamp, need_gb: float) -> None:
    """Install the studio itself (editable: the checkout runs) with everything it depends on."""
    more = ["--extra-index-url", wanted.torch_index] if wanted.torch_index else []
    pip(["install", *more, "--editable", f".[{','.join(wanted.extras)}]"], "packages", need_gb)


def install_pair(index: str | None, need_gb: float, *, force: bool) -> None:
    """Install torch and torchvision from one index alone; their own dependencies follow with everything else."""
    env = torch_source.only_from(index, VENV / "no-wheels", pip_install.pip_environment(CONSTRAINTS))
    forced = ["--force-reinstall"] if force else []
    pip(["install", "--no-deps", *forced, *pinned_pair()], "torch", need_gb, env=env)


def ensure_pair(wanted: Stamp, need_gb: float) -> None:
    """Check that torch and torchvision fit together; where a build of another origin got in, install both anew."""
    python = environment.venv_python(VENV)
    fault = torch_source.check_pair(python)
    if fault is None:
        return
    print(f"   torch and torchvision don't fit together ({fault}): installing both anew", flush=True)
    install_pair(wanted.torch_index, need_gb, force=True)
    install_all(wanted, need_gb)
    fault = torch_source.check_pair(python)
    if fault is not None:
        raise SetupError(
            f"torch does not work here ({fault}). Delete {VENV} and run the same command again, "
            "or name another package index with --torch-index URL."
        )


def pip(arguments: Sequence[str], title: str, need_gb: float, *, env: dict | None = None) -> None:
    """Run pip with our pins in the environment."""
    pip_install.run_pip(
        arguments, title=title, python=environment.venv_python(VENV), cwd=ROOT, log_file=LOG,
        env=env or pip_install.pip_environment(CONSTRAINTS), need_gb=need_gb,
    )


# ---------------------------------------------------------------- what comes after


def has_display() -> bool:
    """Tell whether a window can be shown here."""
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        return False
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_studio() -> int:
    """Open the window; where there is no display, run the demo and name its report."""
    studio = [str(environment.venv_python(VENV)), "-m", "studio"]
    if has_display():
        print("Opening the window.", flush=True)
        return call(studio)
    print(f"There is no display, so the demo runs without the window. Its results go to {DEMO}", flush=True)
    code = call([*studio, "demo", "--out", str(DEMO)])
    reports = sorted(DEMO.rglob("report.html"), key=lambda path: path.stat().st_mtime)
    if code == 0 and reports:
        print(f"The report: {reports[-1]}", flush=True)
    return code


def run_tests(rest: Sequence[str]) -> int:
    """Run the tests in the environment; the exit code is pytest's."""
    env = dict(os.environ)
    if not has_display():
        env["QT_QPA_PLATFORM"] = "offscreen"
    pytest = [str(environment.venv_python(VENV)), "-m", "pytest"]
    if rest:
        return call([*pytest, *rest], env=env)
    # The stories drive whole windows: they get a process of their own, as a person's window has.
    codes = [call([*pytest, "-n", str(workers()), "--dist", "loadfile", "--ignore", STORIES], env=env),
             call([*pytest, STORIES], env=env)]
    return next((code for code in codes if code), 0)


def workers() -> int:
    """How many processes run tests side by side: two, where there are two cores."""
    return min(2, os.cpu_count() or 1)


def call(command: Sequence[str], *, env: dict | None = None) -> int:
    """Run a program in the checkout with this terminal; returns its exit code."""
    child = subprocess.Popen(list(command), cwd=str(ROOT), env=env)
    try:
        return exit_code(child.wait())
    except KeyboardInterrupt:
        child.wait()
        return STOPPED


def exit_code(returned: int) -> int:
    """Keep an exit code; a death by signal (a negative number here) becomes 128 + signal, as shells say it."""
    return 128 - returned if returned < 0 else returned


if __name__ == "__main__":
    sys.exit(main())
