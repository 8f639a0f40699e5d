"""One lot: the site and the browser are started once for all of these."""
