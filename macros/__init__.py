"""SQLMesh macros, one subject a file."""

import sys
from pathlib import Path

# A process that loads several projects, as tests do, has modules of the last one's macros.  SQLMesh imports each file
# of this folder anew, but not what one imports from another: a helper would be that of the last project.
_HERE = Path(__file__).parent
for _name, _module in list(sys.modules.items()):
    if _name.startswith(f"{__name__}.") and Path(_module.__file__ or "").parent != _HERE:
        del sys.modules[_name]
