"""Observable models of what was collected. They know no processes and no widgets."""
