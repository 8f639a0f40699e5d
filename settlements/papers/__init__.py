"""文书: statements and notices as documents, numbered and checked by their code."""
