"""撤销导入: a batch's readings go back to what they were before it; their history keeps them.

What a batch stored is taken out, what it corrected gets its value back. Nothing is forgotten: the
revisions say that the batch's values were known from its import until they were taken back.
"""

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from basins.clock import now
from basins.refusals import Refused
from jobs.wake import wake_on_commit
from monitoring.ingest.services.storing import LOCK
from monitoring.models import ImportBatch, Origin

LONGEST = 500
NAMED_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Readings taken out, readings with their value of before, and the section-months of both."""

    removed: int
    restored: int
    months: frozenset[tuple[int, date]]


@transaction.atomic
def take_back_batch(*, batch_id: int, by, why: str) -> TakenBack:
    """Undo the batch; whether its months are published is for the caller to ask, after it.

    Raises Refused: no such batch, no reason, undone already, or a later batch or a verdict has
    touched one of its readings, or it was imported by a version that kept too little.
    """
    said = " ".join(why.split())
    if not said or len(said) > LONGEST:
        raise Refused(f"请写明撤销的理由（至多 {LONGEST} 字）。", field="why")
    batch = ImportBatch.objects.select_for_update(of=("self",)).filter(pk=batch_id).first()
    if batch is None:
        raise Refused(f"没有导入批次 {batch_id}。")
    if batch.undone_at is not None:
        raise Refused(
            f"导入批次 {batch_id} 已于 {timezone.localtime(batch.undone_at):%Y-%m-%d} 撤销。"
        )
    wrote = batch.counts.get("stored", 0) + batch.counts.get("correction", 0)
    if wrote and batch.first_sampled is None:
        raise Refused(f"导入批次 {batch_id} 早于可撤销的版本，没有留下撤销所需的记录；请逐条更正。")
    given = {
        "batch": batch.pk,
        "first": batch.first_sampled,
        "last": batch.last_sampled,
        "at": batch.created_at,
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS taken_back")
        cursor.execute(SHARES, given)
        shares = [share for (share,) in cursor.fetchall()]
        cursor.execute(LOCK, [shares])
        cursor.execute(TOUCHED, given)
        if touched := cursor.fetchall():
            raise Refused(_touched_words(touched))
        cursor.execute(TAKEN_BACK, given)
        cursor.execute("ANALYZE taken_back")
        cursor.execute(RESTORE, given)
        restored = cursor.rowcount
        cursor.execute(REMOVE, given)
        removed = cursor.rowcount
        cursor.execute(MONTHS)
        months = frozenset(cursor.fetchall())
    ImportBatch.objects.filter(pk=batch.pk).update(undone_by=by, undone_at=now(), undone_why=said)
    if removed or restored:
        wake_on_commit("settlements.recompute")
    return TakenBack(removed, restored, months)


def _touched_words(touched: list) -> str:
    named = []
    for section, indicator, at, origin, batch, filename, judged in touched[:NAMED_AT_MOST]:
        what = "已有审核结论" if judged else "后来已更正或删除"
        if not judged and batch is not None:
            what = f"后来由导入批次 {batch}（{filename}）更正"
        moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
        named.append(f"{section} {indicator} {moment}（{Origin(origin).label}）{what}")
    more = "等" if len(touched) > NAMED_AT_MOST else ""
    return f"不能撤销，这一批的数据后来又有变动：{'；'.join(named)}{more}。请先撤销后来的批次，或逐条更正。"


SHARES = """
SELECT DISTINCT (section_id %% 64)::integer FROM monitoring_reading
WHERE batch_id = %(batch)s AND sampled_at BETWEEN %(first)s AND %(last)s ORDER BY 1
"""

# What the batch stored and a later one holds now, or nobody, and what a person has judged since.
# Values that the same file corrects further down were known for no time at all.
TOUCHED = """
WITH changed AS (
    SELECT DISTINCT v.section_id, v.indicator_id, v.sampled_at, v.origin
    FROM monitoring_readingrevision v
    WHERE v.batch_id = %(batch)s
      AND v.sampled_at BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (
        SELECT 1 FROM monitoring_reading r
        WHERE r.batch_id = %(batch)s AND r.section_id = v.section_id
            AND r.indicator_id = v.indicator_id AND r.sampled_at = v.sampled_at
            AND r.origin = v.origin AND r.sampled_at BETWEEN %(first)s AND %(last)s)
), judged AS (
    SELECT DISTINCT d.section_id, d.indicator_id, d.sampled_at, d.origin
    FROM monitoring_verdict d
    JOIN monitoring_reading r USING (section_id, indicator_id, sampled_at, origin)
    WHERE r.batch_id = %(batch)s AND d.at >= %(at)s
      AND d.sampled_at BETWEEN %(first)s AND %(last)s
), touched AS (
    SELECT *, false AS judged FROM changed UNION SELECT *, true FROM judged
)
SELECT s.name, i.name, t.sampled_at, t.origin, b.id, b.filename, bool_or(t.judged)
FROM touched t
JOIN monitoring_section s ON s.id = t.section_id
JOIN monitoring_indicator i ON i.id = t.indicator_id
LEFT JOIN monitoring_reading r ON r.section_id = t.section_id
    AND r.indicator_id = t.indicator_id AND r.sampled_at = t.sampled_at AND r.origin = t.origin
LEFT JOIN monitoring_importbatch b ON b.id = r.batch_id AND b.id <> %(batch)s
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 3, 1, 2 LIMIT 6
"""

# Each live reading of the batch, with what it was when the batch corrected it.
TAKEN_BACK = """
CREATE TEMP TABLE taken_back ON COMMIT DROP AS
SELECT DISTINCT ON (r.section_id, r.indicator_id, r.sampled_at, r.origin)
    r.section_id, r.indicator_id, r.sampled_at, r.origin,
    v.id IS NOT NULL AS corrected, v.value, v.below_limit, v.flag, v.batch_id
FROM monitoring_reading r
LEFT JOIN monitoring_readingrevision v
    ON v.section_id = r.section_id AND v.indicator_id = r.indicator_id
    AND v.sampled_at = r.sampled_at AND v.origin = r.origin
    AND v.replaced_by = %(batch)s
WHERE r.batch_id = %(batch)s AND r.sampled_at BETWEEN %(first)s AND %(last)s
ORDER BY r.section_id, r.indicator_id, r.sampled_at, r.origin, v.id DESC
"""

RESTORE = """
UPDATE monitoring_reading r
SET value = t.value, below_limit = t.below_limit, flag = t.flag, batch_id = t.batch_id
FROM taken_back t
WHERE t.corrected AND r.section_id = t.section_id AND r.indicator_id = t.indicator_id
    AND r.sampled_at = t.sampled_at AND r.origin = t.origin
    AND r.sampled_at BETWEEN %(first)s AND %(last)s
"""

REMOVE = """
DELETE FROM monitoring_reading r USING taken_back t
WHERE NOT t.corrected AND r.section_id = t.section_id AND r.indicator_id = t.indicator_id
    AND r.sampled_at = t.sampled_at AND r.origin = t.origin
    AND r.sampled_at BETWEEN %(first)s AND %(last)s
"""

MONTHS = "SELECT DISTINCT section_id, monitoring_month_of(sampled_at) FROM taken_back"
