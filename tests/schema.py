"""What the catalogue says of a database: its tables to the last default, and its guards."""

from typing import Any

# One line a thing, by name: the order of columns says nothing.
_LINES = """
SELECT 'table ' || c.relname || ' ' || c.relkind::text || COALESCE(' ' || pg_get_partkeydef(c.oid), '')
       || COALESCE(' ' || pg_get_expr(c.relpartbound, c.oid), '')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
UNION ALL
SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || ' ' || a.attidentity::text
       || a.attgenerated::text || COALESCE(' ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
  AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't'
UNION ALL
SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT concat_ws(' ', 'sequence', sequencename, data_type, start_value, increment_by, max_value)
FROM pg_sequences WHERE schemaname = 'public'
UNION ALL
SELECT 'function ' || pg_get_functiondef(oid)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
UNION ALL
SELECT 'view ' || viewname || ' ' || definition FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
"""


def schema(cursor: Any) -> set[str]:
    """Tables, columns, constraints, indexes, sequences, functions, views and triggers."""
    cursor.execute(_LINES)
    lines = [line for (line,) in cursor.fetchall()]
    assert len(lines) == len(set(lines))
    return set(lines)


def contents(cursor: Any, tables: list[str], but: tuple[str, ...] = ()) -> dict[str, str]:
    """A digest of the rows of each table, whatever the order of its columns and rows; `but`:
    columns that are left out."""
    digests = {}
    for table in tables:
        cursor.execute(
            f"""SELECT count(*) || ' ' || COALESCE(
                    md5(string_agg(d.row, '' ORDER BY d.row)), '')
                FROM "{table}" t, md5((to_jsonb(t) - %s::text[])::text) AS d(row)""",
            [list(but)],
        )
        digests[table] = cursor.fetchone()[0]
    return digests
