"""节假日历 `/calendar/`."""
