"""Every command of docs/deploy.md is run: on a host whose root is a folder, and against the template's parameters."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cfnlint.decode import decode

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "tick"))

from little import HALF_HOUR, MIDNIGHT, Little  # noqa: E402
from shell import CONFIGURED, Shell, blocks  # noqa: E402

PAGE = ROOT / "docs" / "deploy.md"

# What only root may do, or what would change the machine; each says what it was asked, and fails as the real one would.
_STANDINS = {
    "useradd": '#!/bin/sh\necho useradd "$@" >> $ROOT_LOG\n',
    "chown": '#!/bin/sh\necho chown "$@" >> $ROOT_LOG\nshift\nfor path; do [ -e "$path" ] || exit 1; done\n',
    "sudo": '#!/bin/sh\n[ "$1 $2" = "-u northstar" ] || exit 1\nshift 2\nexec "$@"\n',
    "install": """#!/bin/bash
arguments=("$@"); kept=()
while [ ${#arguments[@]} -gt 0 ]; do
    if [ "${arguments[0]}" = -o ]; then arguments=("${arguments[@]:2}"); continue; fi
    kept+=("${arguments[0]}"); arguments=("${arguments[@]:1}")
done
exec /usr/bin/install "${kept[@]}"
""",
    "systemctl": """#!/bin/sh
echo systemctl "$@" >> $ROOT_LOG
for unit; do :; done
[ -e "$UNITS/$unit" ]
""",
    "python3.11": """#!/bin/sh
[ "$1 $2" = "-m venv" ] || exit 1
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho pip "$@" >> $ROOT_LOG\\nfor path; do :; done\\n[ -e "$path" ]\\n' > "$3/bin/pip"
chmod +x "$3/bin/pip"
ln -s "$PROGRAMS/northstar" "$3/bin/northstar"
""",
}


class Host:
    """A host whose /srv, /etc and /var/log lie in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("srv", "etc/systemd/system", "etc/cron.d", "var/log"):
            (root / folder).mkdir(parents=True)
        self.little = Little(root / "little").create()
        self.shell = Shell(self.little)
        self.shell.at(MIDNIGHT + HALF_HOUR + timedelta(minutes=1))
        for name, text in _STANDINS.items():
            self.shell.program(name, text)

    def here(self, text: str) -> str:
        for path in ("/srv/", "/etc/", "/var/log/"):
            text = text.replace(path, f"{self.root}{path}")
        return text

    def run(self, commands: str) -> subprocess.CompletedProcess[str]:
        done = self.shell.run(
            self.here(commands),
            self.root / "srv/northstar" if (self.root / "srv/northstar").exists() else self.root,
            ROOT_LOG=str(self.root / "asked"), PROGRAMS=str(self.shell.programs), REPOSITORY=str(ROOT),
            UNITS=str(self.root / "etc/systemd/system"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done

    def settings(self) -> None:
        values = {**self.little.environment, **CONFIGURED}
        (self.root / "etc/northstar/environment").write_text("".join(f"{k}={v}\n" for k, v in values.items()))

    @property
    def asked(self) -> list[str]:
        return (self.root / "asked").read_text().splitlines()


@pytest.mark.slow
def test_a_host_is_set_up_by_what_the_page_says(tmp_path: Path) -> None:
    host = Host(tmp_path)
    install, first, service, timer, cron = blocks(PAGE, "On a host")
    host.run(install)
    assert [line for line in host.asked if line.startswith("pip")] == [
        "pip install --no-deps -r requirements.lock",
        "pip install --no-deps .",
    ]
    secrets = tmp_path / "etc/northstar/environment"
    assert secrets.stat().st_mode & 0o777 == 0o600
    host.little.live(0)
    host.settings()
    out = host.run(first).stdout
    assert json.loads(out.splitlines()[0])["status"] == "ok" and "last tick: 2026-03-02 00:30 UTC, ok" in out
    host.run(service)
    host.run(timer)
    assert host.asked[-2:] == [
        "systemctl enable --now northstar.service",
        "systemctl enable --now northstar-tick.timer",
    ]
    host.run(cron)

    (line,) = [line for line in (tmp_path / "etc/cron.d/northstar").read_text().splitlines() if line.startswith("*")]
    host.little.live(1)
    host.shell.at(MIDNIGHT + 2 * HALF_HOUR)
    host.run(line.split(maxsplit=6)[6])
    written = tmp_path / "var/log/northstar"
    assert json.loads((written / "ticks.jsonl").read_text())["tick"] == "2026-03-02T01:00:00+00:00"
    assert all(json.loads(entry)["run_id"] for entry in (written / "northstar.jsonl").read_text().splitlines())


def test_the_stack_is_given_every_parameter_that_has_no_default() -> None:
    (command,) = blocks(PAGE, "On AWS")
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:3] == ["aws", "cloudformation", "deploy"]
    template, _ = decode(str(ROOT / words[words.index("--template-file") + 1]))
    given = {word.partition("=")[0] for word in words[words.index("--parameter-overrides") + 1 :]}
    assert given == {name for name, parameter in template["Parameters"].items() if "Default" not in parameter}
    assert words[words.index("--capabilities") + 1] == "CAPABILITY_IAM"


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_the_readme_leads_to_every_page(page: str) -> None:
    assert f"(docs/{page})" in (ROOT / "README.md").read_text()
