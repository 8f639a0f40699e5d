"""数据 `/data/`: files of readings handed in, tried, imported and taken back."""
