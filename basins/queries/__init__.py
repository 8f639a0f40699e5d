"""Reading what basins keeps."""
