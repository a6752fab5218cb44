"""python -m fhirstore"""

from fhirstore.cli import main

main()
