"""How a paper looks: HTML, PDF and XLSX, all from one settlements.statements Paper."""
