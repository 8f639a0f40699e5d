"""What breaks each check and no other: past the guards, as only a superuser can.

Many promises hang together; each break is made so that the others still hold:

- whatever changes an entry is followed by `seal`, which makes the chain whole again and prints
  its new hashes on notices and papers, and by `net`, which adds up the month nets;
- an entry that does not sum to zero has a second one with the opposite fault, else the trial
  balance fails with it;
- a posting without an entry is what the trial balance alone sees;
- payments both ways stand in an adjustment, where they cancel out: in a month's own payments
  they would also not follow from its inputs, nor be what its notice says. So it is with a
  changed payment of a published month, a changed year, or a changed digest of one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from settlements.ledger.services.ledger import NO_HASH, HashedLine, entry_hash
from settlements.models import Accrual, DraftDocument, IssuedPaper, JournalEntry, Notice
from settlements.notices.services.content import digest_of
from settlements.papers.paper import as_draft, body_digest_of, digest_of_data, from_data
from tests.settlements.checks.world import World


@dataclass(frozen=True)
class Break:
    """`check`: the one that must fail. `sql` may name the entries and ids of `ids`."""

    check: str
    sql: tuple[str, ...] = ()
    act: Callable[[World], None] | None = None
    names: str = ""  # what a finding must say

    def __str__(self) -> str:
        return self.check

    def make(self, world: World) -> None:
        with connection.cursor() as cursor:
            for statement in self.sql:
                cursor.execute(statement.format(**ids(world)))
                assert cursor.rowcount, statement
        if self.act is not None:
            self.act(world)


def ids(world: World) -> dict[str, int]:
    found = {name: entry.pk for name, entry in world.entries.items()}
    found["account"] = world.ledger.other.accounts.get(jurisdiction=world.ledger.up).pk
    found["before"], found["after"] = world.before.pk, world.after.pk
    found["bureau"] = world.people.bureau.pk
    found["section"] = world.border.section.pk
    return found


def net(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM settlements_accountmonth")
        cursor.execute(
            """INSERT INTO settlements_accountmonth (account_id, basis, month, net)
               SELECT p.account_id, d.basis, date_trunc('month', d.day)::date, sum(p.yuan)
               FROM settlements_posting p JOIN settlements_journalentry e ON e.id = p.entry_id
               CROSS JOIN LATERAL (VALUES ('effective', e.effective_on), ('booked', e.booked_on))
                   AS d(basis, day) GROUP BY 1, 2, 3"""
        )
        cursor.execute("DELETE FROM settlements_accountyear")
        cursor.execute(
            """INSERT INTO settlements_accountyear (account_id, basis, year, net)
               SELECT account_id, basis, extract(year FROM month), sum(net)
               FROM settlements_accountmonth GROUP BY 1, 2, 3"""
        )


def seal(world: World) -> None:
    last, heads = NO_HASH, {}
    for entry in JournalEntry.objects.order_by("year", "number"):
        old, entry.previous_hash = entry.hash, last
        lines = [HashedLine.of(p.account, p.yuan) for p in entry.postings.select_related("account")]
        entry.hash = last = entry_hash(entry, lines)
        entry.save(update_fields=["hash", "previous_hash"])
        heads[old] = entry
    for notice in Notice.objects.exclude(ledger_head=""):
        notice.ledger_head = heads[notice.ledger_head].hash
        notice.save(update_fields=["ledger_head"])
    for paper in IssuedPaper.objects.exclude(ledger_head=""):
        entry = heads[paper.ledger_head.split()[1]]
        paper.ledger_head = f"{entry.year}-{entry.number} {entry.hash}"
        paper.save(update_fields=["ledger_head"])
    print_again(world)


def print_again(world: World) -> None:
    """Papers say themselves what their columns say, and their digests are of that."""
    for paper in IssuedPaper.objects.all():
        paper.content["ledger_head"] = paper.ledger_head
        paper.digest = digest_of_data(paper.content)
        paper.body_digest = body_digest_of(as_draft(from_data(paper.content)))
        paper.save(update_fields=["content", "digest", "body_digest"])


def net_and_seal(world: World) -> None:
    net(world)
    seal(world)


def same_month_again(world: World) -> None:
    accrual = Accrual.objects.get(period="2024-03-01")
    accrual.pk = None
    accrual.save(force_insert=True)


def other_total(world: World) -> None:
    notice = Notice.objects.filter(month="2022-03-01").get()
    notice.content["total"] = "1.00"
    notice.digest = digest_of(notice.content)
    notice.save(update_fields=["content", "digest"])


def lost_file(world: World) -> None:
    DraftDocument.objects.create(
        draft_id=0, file="agreements/gone.pdf", name="协议.pdf", kind="application/pdf", size=1,
        sha256="0" * 64, added_by=world.people.bureau,
    )  # fmt: skip


ENTRY, POSTING = "settlements_journalentry", "settlements_posting"
BOTH_WAYS = """'[{{"payer": "500901", "payee": "500902", "yuan": "1.00", "reason": "甲"}},
    {{"payer": "500902", "payee": "500901", "yuan": "1.00", "reason": "乙"}}]'::jsonb"""

BREAKS = (
    Break(
        "entry_sums_to_zero",
        (
            f"UPDATE {POSTING} SET yuan = yuan + 1 WHERE entry_id = {{first}}"
            " AND account_id = {account}",
            f"UPDATE {POSTING} SET yuan = yuan - 1 WHERE entry_id = {{second}}"
            " AND account_id = {account}",
        ),
        seal,
        "分录合计 1.00 元，应为零",
    ),
    Break(
        "entry_has_two_postings",
        (f"DELETE FROM {POSTING} WHERE entry_id = {{last}}",),
        net_and_seal,
        "只有 0 条分录",
    ),
    Break(
        "no_zero_posting",
        (
            f"ALTER TABLE {POSTING} DROP CONSTRAINT posting_not_zero",
            f"INSERT INTO {POSTING} (entry_id, account_id, yuan) SELECT {{last}}, min(id), 0"
            " FROM settlements_ledgeraccount WHERE opened_on < '2024-03-01'",
        ),
        net_and_seal,
        "金额为零",
    ),
    Break(
        "fen_only",
        (
            f"ALTER TABLE {POSTING} ALTER COLUMN yuan TYPE numeric(16, 3)",
            "ALTER TABLE settlements_accountmonth ALTER COLUMN net TYPE numeric(18, 3)",
            "ALTER TABLE settlements_accountyear ALTER COLUMN net TYPE numeric(18, 3)",
            f"UPDATE {POSTING} SET yuan = yuan + sign(yuan) * 0.001 WHERE entry_id = {{last}}",
        ),
        net,
        "7.001 元不是整分",
    ),
    Break(
        "entry_numbers_have_no_gap",
        (f"UPDATE {ENTRY} SET number = number + 1 WHERE id = {{last}}",),
        seal,
        "号不连续",
    ),
    Break(
        "dates_follow_numbers",
        (f"UPDATE {ENTRY} SET booked_on = '2024-03-13' WHERE id = {{first}}",),
        seal,
        "早于上一凭证的 2024-03-13",
    ),
    Break(
        "chain_hash_holds",
        (f"UPDATE {ENTRY} SET text = '改' WHERE id = {{last}}",),
        names="摘要值与内容不符",
    ),
    Break(
        "stored_heads_contained",
        ("UPDATE settlements_notice SET ledger_head = repeat('a', 64) WHERE month = '2024-02-01'",),
        names="2024-02-01 月通报：印的台账摘要 aaaaaaaaaaaaaaaa… 不在链中",
    ),
    Break(
        "stored_heads_contained",
        (
            "UPDATE settlements_issuedpaper SET ledger_head ="
            " '2024-1 ' || split_part(ledger_head, ' ', 2)",
        ),
        print_again,
        names="不是 2024-1 号的",
    ),
    Break(
        "account_opened_before_use",
        ("UPDATE settlements_ledgeraccount SET opened_on = '2024-03-11' WHERE id = {account}",),
        names="早于账户",
    ),
    Break(
        "closed_account_unused",
        ("UPDATE settlements_ledgeraccount SET closed_on = '2024-03-11' WHERE id = {account}",),
        names="晚于账户",
    ),
    Break(
        "balance_is_sum_of_postings",
        (
            "UPDATE settlements_accountmonth SET net = net + 1 WHERE account_id = {account}"
            " AND basis = 'effective'",
        ),
        names="2024-03 的月净额",
    ),
    Break(
        "trial_balance_is_zero",
        (f"INSERT INTO {POSTING} (entry_id, account_id, yuan) VALUES (999999, {{account}}, 5)",),
        names="#999999",
    ),
    Break(
        "transit_zero_after_closing",
        (  # the collection right after the closing, put before it
            f"UPDATE {ENTRY} SET number = number + 1000 WHERE id = {{closing}}",
            f"UPDATE {ENTRY} SET number = number - 1 WHERE id = {{collected}}",
            f"UPDATE {ENTRY} SET number = number - 999 WHERE id = {{closing}}",
        ),
        seal,
        "过渡账户还有 -1000000.00 元",
    ),
    Break(
        "reversal_mirrors_original_once",
        (f"UPDATE {POSTING} SET yuan = yuan + sign(yuan) WHERE entry_id = {{reversal}}",),
        net_and_seal,
        "不是逐笔反号",
    ),
    Break(
        "every_entry_has_one_cause",
        (
            f"ALTER TABLE {ENTRY} DROP CONSTRAINT entry_one_cause",
            f"UPDATE {ENTRY} SET statement_id = NULL WHERE id = {{last}}",
        ),
        seal,
        "没有唯一的关联对象",
    ),
    Break(
        "voucher_used_once",
        (
            "DROP INDEX payment_voucher_once",
            "UPDATE settlements_payment SET voucher = (SELECT voucher FROM settlements_payment"
            " WHERE kind = 'collection' ORDER BY id LIMIT 1) WHERE kind = 'disbursement'",
        ),
        names="登记了 2 笔付款",
    ),
    Break(
        "payments_within_due",
        (
            "ALTER TABLE settlements_payment DROP CONSTRAINT payment_within_due",
            "UPDATE settlements_payment SET overpayment = false WHERE overpayment",
        ),
        names="150.00 元超过登记时应付的 100.00 元",
    ),
    Break(
        "payments_within_due",
        (
            "ALTER TABLE settlements_payment DROP CONSTRAINT payment_far_above_due_has_reason",
            "UPDATE settlements_payment SET overpayment_why = ''",
        ),
        names="没有超付理由",
    ),
    Break(
        "payments_within_due",  # what was due when it was recorded, said otherwise
        ("UPDATE settlements_payment SET overpayment = false, due_yuan = yuan WHERE overpayment",),
        names="超过上游区当时账面",
    ),
    Break(
        "statements_agree_or_noted",
        (
            "ALTER TABLE settlements_balancestatement"
            " DROP CONSTRAINT statement_difference_has_note",
            "UPDATE settlements_balancestatement SET note = '' WHERE difference <> 0",
        ),
        names="没有说明",
    ),
    Break(
        "statements_agree_or_noted",
        ("UPDATE settlements_balancestatement SET yuan = yuan + 1, our_yuan = our_yuan + 1",),
        names="按分录应为",
    ),
    Break(
        "one_live_accrual",
        ("ALTER TABLE settlements_accrual DROP CONSTRAINT accrual_once",),
        same_month_again,
        "TEST 交界 2024-03：第 2 条款期有 2 笔月核算",
    ),
    Break(
        "none_paid_both_ways",
        (
            "UPDATE settlements_adjustment SET outcome = jsonb_set(outcome, '{{transfers}}',"
            f" {BOTH_WAYS} || (outcome -> 'transfers')) WHERE id = {{after}}",
        ),
        names="互相付款",
    ),
    Break(
        "transfers_sum_to_zero",
        (
            "UPDATE settlements_adjustmentnet SET yuan = yuan + 1 WHERE id ="
            " (SELECT min(id) FROM settlements_adjustmentnet WHERE adjustment_id = {after})",
        ),
        names="差额合计 1.00 元",
    ),
    Break(
        "stored_inputs_give_stored_digest",
        (
            "UPDATE settlements_accrual SET input_digest = repeat('0', 64)"
            " WHERE period = '2024-03-01'",
        ),
        names="TEST 交界 2024-03：输入摘要不符",
    ),
    Break(
        "published_month_unchanged",
        ("UPDATE settlements_accrual SET complete = NOT complete WHERE period = '2023-03-01'",),
        names="TEST 交界 2023-03：数据完整与否不同",
    ),
    Break(
        "settlement_is_sum_of_months",
        (
            "UPDATE settlements_settlementnet n SET yuan = n.yuan * 2"
            " FROM settlements_settlement s WHERE s.id = n.settlement_id AND s.year = 2024",
        ),
        names="TEST 2024 上游区：净额 -4000000.00 元，各月与调整合计 -2000000.00 元",
    ),
    Break(
        "states_moved_legally",
        (
            "UPDATE settlements_statemove SET by_id = {bureau} WHERE thing = 'notice'"
            " AND event = 'sign_off' AND object_id ="
            " (SELECT id FROM settlements_notice WHERE month = '2022-03-01')",
        ),
        names="〔2024〕3 号：“签发月通报”须由另一人办理",
    ),
    Break(
        "states_moved_legally",
        ("DELETE FROM settlements_statemove WHERE thing = 'settlement' AND event = 'prepare'",),
        names="“close”从“prepared”开始，当时应为“confirmed”",
    ),
    Break(
        "terms_and_targets_fit",
        (
            "UPDATE settlements_term SET in_force = daterange(lower(in_force), '2022-12-01')"
            " WHERE number = 1",
        ),
        names="TEST：第 1 与第 2 条款期之间空着 2022-12-01 至 2023-01-01 前",
    ),
    Break(
        "terms_and_targets_fit",
        (
            "ALTER TABLE monitoring_target DROP CONSTRAINT target_no_overlap",
            "INSERT INTO monitoring_target (section_id, water_class, in_force, source)"
            " VALUES ({section}, 3, daterange('2023-01-01', '2023-02-01'), '重复')",
        ),
        names="重叠",
    ),
    Break(
        "one_live_reading",
        (
            "INSERT INTO monitoring_readingrevision (section_id, indicator_id, sampled_at, origin,"
            " value, below_limit, flag, known_from, known_to)"
            " SELECT section_id, indicator_id, sampled_at, origin, value + 1, false, 'N',"
            " recorded_at - interval '1 hour', recorded_at + interval '1 hour'"
            " FROM monitoring_reading ORDER BY sampled_at LIMIT 1",
        ),
        names="与其后的值同时有效",
    ),
    Break(
        "reports_are_readings",
        (
            "INSERT INTO settlements_labsample (section_id, sampled_at, laboratory, report_number,"
            " method, file, name, kind, sha256, reason, by_id, at) VALUES ({section},"
            " '2023-03-15 02:00Z', '所', '1', '法', '', '', '', '', '', {bureau}, now())",
            "INSERT INTO settlements_labvalue (sample_id, indicator_id, value, below_limit)"
            " SELECT s.id, i.id, v.value, false FROM settlements_labsample s,"
            " (VALUES ('TP', 0.015), ('NH3-N', 0.9)) AS v (code, value)"
            " JOIN monitoring_indicator i USING (code)",
        ),
        names="交界 NH3-N 2023-03-15 02:00：没有成为手工数据",
    ),
    Break(
        "mean_recomputes",
        (
            "UPDATE monitoring_monthlymean SET mean = mean + 0.1 WHERE month = '2022-03-01'"
            " AND indicator_id = (SELECT id FROM monitoring_indicator WHERE code = 'TP')",
        ),
        names="交界 TP 2022-03：月均值为 0.115（1 个，合计 0.015），按有效数据为 0.015（1 个，合计 0.015）",
    ),
    Break(
        "nothing_left_waiting",
        (
            "INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)"
            " VALUES ({section}, '2024-03-01', now() - interval '6 minutes')",
        ),
        names="交界：2024-03 待重算",
    ),
    Break(
        "nothing_left_waiting",
        (
            "INSERT INTO jobs_job (kind, key, parameters, state, lease_until, attempts, step, done,"
            " total, error, created_at) VALUES ('测试', 'x', '{{}}', 'running',"
            " now() - interval '1 minute', 1, '', 0, 0, '', now())",
        ),
        names="租约",
    ),
    Break("notice_figures_hold", (), other_total, "合计为 1.00 元"),
    Break(
        "notice_figures_hold",
        (
            "UPDATE monitoring_assessment SET exceedances = '[]'"
            " WHERE month = '2024-01-01' AND exceedances <> '[]'",
        ),
        names="BORDER NH3-N 为 1.2",
    ),
    Break(
        "account_opened_once",
        (
            'INSERT INTO settlements_openingbatch (state, prepared_at, rejected_why, "on", filename,'
            " sha256, rows, approved_at) VALUES ('approved', now(), '', '2024-03-15', '另.csv', '',"
            " '[]', now())",
            f"UPDATE {ENTRY} SET cause = 'opening', statement_id = NULL, opening_id ="
            " (SELECT max(id) FROM settlements_openingbatch) WHERE id = {last}",
        ),
        seal,
        "有几笔期初余额同时有效",
    ),
    Break(
        "papers_unchanged",
        ("UPDATE settlements_issuedpaper SET digest = repeat('0', 64)",),
        names="存档的内容与签发时的摘要值不符",
    ),
    Break("files_unchanged", act=lost_file, names="协议文件“协议.pdf”：存放的文件已缺失"),
)
