"""接口 (/api/): what programs can ask, by the document itself, and how to get a token."""
