"""What the linters share: prints the findings about each thing that is checked, and ends with their verdict."""

import sys


def report(kind, checked):
    """Prints each finding of `checked`, pairs of a name and its findings; fails for one, and for nothing checked."""
    count, failed = 0, False
    for name, findings in checked:
        count += 1
        for finding in findings:
            failed = True
            print(f"{name}: {finding}")
    if count == 0:
        sys.exit(f"no {kind[0]} was found: the templates' shape changed and this check sees nothing")
    print(f"{count} {kind[1]} checked")
    sys.exit(failed)
