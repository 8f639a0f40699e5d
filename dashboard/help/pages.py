"""帮助页 as data: tasks in the words of who has them, step by step, with the page each is done on.

In a text, [[断面]] is a term of the glossary.
"""

from dataclasses import dataclass

from basins.access import Act, Scope, Viewer
from basins.links import Link, to


@dataclass(frozen=True, slots=True)
class HelpStep:
    """`picture`: of static/help, made by `make pictures`; '' without one."""

    text: str
    link: Link | None = None
    link_text: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class HelpPage:
    slug: str
    title: str
    who: str
    lead: str
    steps: tuple[HelpStep, ...]
    then: str = ""  # what comes of it, and what to do where it does not


PAGES: tuple[HelpPage, ...] = (
    HelpPage(
        "first-day",
        "我要从空系统建到第一个月",
        "协议管理员",
        "装好以后没有账号也没有数据。照下面做，三个区县、五个断面的小城市约两小时；随时可以停下，系统记得做到哪里。",
        (
            HelpStep("由管服务器的人取开通码：启动时显示，也可运行 manage.py opening_code。"),
            HelpStep(
                "打开“开始使用”，填开通码，建立两名协议管理员；各自登录并改密码。",
                to("start"), "开始使用", "opening.jpg",
            ),
            HelpStep("设定本市的名称和省份。", to("start-place"), "设定本市"),
            HelpStep(
                "依次导入[[行政区]]、河流（连同[[河段]]）、[[断面]]（连同[[目标类别]]）："
                "下载模板，照“示例”表填好，上传后先核对再导入；有一行不对就全部不导入，"
                "可下载需更正的表，改好再传。",
                to("reference-index"), "基础资料", "import-check.jpg",
            ),
            HelpStep(
                "有界线和河流走向的 GeoJSON 就导入地图；没有也行，断面填了经度、纬度的河流按断面的位置画出。",
                to("start-map"), "地图文件",
            ),
            HelpStep(
                "导入人员名单：一名管理员提出，另一名逐个复核；两人各看到一半一次性密码，"
                "合起来交给本人首次登录。",
                to("reference-import", "people"), "导入人员",
            ),
            HelpStep("上传[[监测数据]]；要与[[上年同期]]比较的，连上一年的一起传。", to("reading-upload"),
                     "上传数据", "trial.jpg"),
            HelpStep("录入第一份[[协议]]，由另一名管理员启用。", to("agreement-new"), "录入协议"),
            HelpStep(
                "看“还缺什么”，补齐后由市局一人编制[[月通报]]、另一人签发。",
                to("month-missing"), "还缺什么", "missing.jpg",
            ),
        ),
        "“开始使用”页的每一步都写着已有什么、还缺什么，全部完成后也可随时回来。",
    ),
    HelpPage(
        "upload",
        "我要上传月度数据",
        "市生态环境局",
        "CSV 或 XLSX，可以有多张工作表：一行一个样品、一行一个值、国家站发布的版式、一月一表都认。",
        (
            HelpStep(
                "选文件；报送单位填一次，以后它的列标题和时间格式自动沿用。",
                to("reading-upload"), "上传数据",
            ),
            HelpStep(
                "先试算，什么也不写入：看入库、重复、更正、拒收各多少行，哪些月份、类别和金额会变。",
                picture="trial.jpg",
            ),
            HelpStep("有不认识的列，在页面上指明它是什么，再试算。"),
            HelpStep("有拒收的行，下载出错表，照“原因与改法”改好，再传那张表；已入库的不会重复。"),
            HelpStep("确认导入。相关月份随后自动重新核算；[[存疑]]的值等审核，不计入评价。"),
        ),
        "传错了：在数据页找到那一批，写明原因撤销；相关月份已发布的不能撤销，用更正或异议处理。",
    ),
    HelpPage(
        "export",
        "我要把监测数据发给别人",
        "各方",
        "导出的 XLSX 一月一张表，另附[[月均值]]；数值、[[未检出]]、标识和来源都在，对方再导入得到同样的数据。",
        (
            HelpStep("选版式：国家站发布版式，或一行一个样品；选断面和月份。",
                     to("reading-exports"), "导出监测数据"),
            HelpStep("等进度走完（可以离开本页），下载。文件保留 30 天，只有发起人能下载。"),
        ),
        "国家站发布版式放不下的数据（手工、联合监测、其他指标）写在同一工作簿的“其他数据”表里。",
    ),
    HelpPage(
        "sample",
        "我要录入实验室样品",
        "市生态环境局",
        "检测单位的纸质或扫描报告，一份报告一个样品，照报告逐项录入；各值作为手工[[监测数据]]计入评价。",
        (
            HelpStep(
                "选[[断面]]，填采样时间、检测单位、报告编号和方法，附上盖章的报告。",
                to("sample-new"), "登记样品",
            ),
            HelpStep("逐项填结果：[[未检出]]填 0.025L 或 <0.025，没有检测的留空。"),
            HelpStep("核对：各值会怎样留存、与现有数据有何不同、当月类别和各协议金额怎样变，确认后才写入。"),
            HelpStep("与已有手工数据不同的，写明更正理由，原值留存。"),
        ),
        "录错了：在样品页“更正”，写明理由；清空的值撤回，全部清空即整份作废。已发布的月份不改，差额另提[[调整]]。",
    ),
    HelpPage(
        "agreement",
        "我要录入协议",
        "协议管理员",
        "一份[[协议]]分五步录入，每一步可以存草稿；由另一名协议管理员核对后启用。",
        (
            HelpStep("协议方：名称、编码，各方自上游往下。", to("agreement-new"), "新建草稿"),
            HelpStep("河流与[[断面]]：选用一条河，协议方之间的交界断面已先填好。"),
            HelpStep("规则与参数：选一条[[补偿规则]]；默认值各有来源，与协议文本不同的改成协议的，写明条款。"),
            HelpStep("条款期与文件：从哪天起、到哪天，附协议文本。"),
            HelpStep("预览：用已有数据逐月试算会付多少；核对后提交，由另一名管理员启用。"),
        ),
        "改规则、参数或断面：在协议页“修订”，从某日起另起一段[[条款期]]，以前的不变。",
    ),
    HelpPage(
        "missing",
        "为什么这个月没有核算",
        "各方",
        "一个月要核算和发布，缺一样都不行；“还缺什么”按规则试算一遍，逐项说明并给出去补的地方。",
        (
            HelpStep("选月份，看所缺的各项。", to("month-missing"), "还缺什么", "missing.jpg"),
            HelpStep("缺监测数据：导入；确实没有的，由市局认定为“无数据”或“剔除”。", to("ruling-list"),
                     "月度状态认定"),
            HelpStep("缺[[目标类别]]：在断面目标里加一行，写明依据。", to("reference-list", "targets"),
                     "断面目标"),
            HelpStep("缺去年同期：导入上一年的数据；没有的，在条款里选定缺数据时的处理。"),
            HelpStep("断面已停用或由别的断面接替：自那天起修订协议。"),
            HelpStep("都不缺而没有发布：月通报待编制或待签发。", to("notice-list"), "月通报"),
        ),
    ),
    HelpPage(
        "publish",
        "我要发布一个月",
        "市生态环境局",
        "[[月通报]]由一人编制、另一人签发；编制时内容按那一刻的数据冻结。",
        (
            HelpStep("确认没有缺的。", to("month-missing"), "还缺什么"),
            HelpStep("编制：与上月有哪些不同、首次付款、在审异议，都列在编制页上。",
                     to("notice-list"), "月通报"),
            HelpStep("另一人核对并签发；各方收到通知，期限内确认或提[[异议]]。", to("notice-list"), "月通报",
                     "notice.jpg"),
        ),
        "签发前数据又变了：退回重编。签发以后再变的，提[[调整]]，不改已发布的。",
    ),
    HelpPage(
        "objection",
        "我要提异议",
        "区县",
        "对已发布的月份有不同意见，在期限内提出，附证据；提出后金额不变，等裁决。",
        (
            HelpStep("先看这个月是怎么算的：结算页打开月份，逐行看数据、类别、条款和算式。",
                     to("settlement-list"), "结算"),
            HelpStep("在那一页“提出异议”，选种类和有疑问的数据，写理由，附证据。"),
            HelpStep("看进展：市局答复、复测、裁决都在异议页；裁决改了数据的，重新核算并写明。",
                     to("objection-list"), "异议"),
        ),
        "没有异议的请确认；过期不表态的，按协议约定处理。",
    ),
    HelpPage(
        "reference",
        "断面换了、区县改名或合并，怎么办",
        "协议管理员",
        "以前的月份不变，从那一天起用新的；每一处都留在变更记录里。",
        (
            HelpStep("区县或断面更名：在它的页上更改名称，写明从哪天起、依据哪个文件。以前的月份仍用旧名。",
                     to("reference-list", "districts"), "行政区"),
            HelpStep("[[断面]]由别的断面接替：先登记新断面，再在原断面的页上“由别的断面接替”，填某月 1 日；"
                     "此后[[上年同期]]取原断面的，计算步骤里写明。", to("reference-list", "sections"), "断面"),
            HelpStep("再修订用到原断面的协议，自同一天起改用新断面。", to("agreement-list"), "协议"),
            HelpStep("撤县设区、合并成另一个区县：先登记新的，再在原区县的页上“停用”，填日期和批复；以它为一方的协议自该日起修订。",
                     to("reference-list", "districts"), "行政区"),
            HelpStep("账户余额由市财政在台账“[[区划结转]]”里结转给承继方，一人提出、另一人复核。",
                     to("ledger-carryover-list"), "区划结转"),
            HelpStep("改目标：在断面目标里从新的日期加一行，原来的自动止于前一天。",
                     to("reference-list", "targets"), "断面目标"),
        ),
        "登记错了：断面页上“撤回停用”；名称以同一天再改一次即更正。",
    ),
)  # fmt: skip


# What a page of a link asks for, where not everybody opens it; `ALL`: of everything.
NEEDS: dict[str, tuple[Act, Scope]] = {
    "start": (Act.SEE_DRAFTS, Scope.ALL),
    "start-place": (Act.EDIT_REFERENCE, Scope.ALL),
    "start-map": (Act.EDIT_REFERENCE, Scope.ALL),
    "reference-index": (Act.SEE_DRAFTS, Scope.ALL),
    "reference-list": (Act.SEE_DRAFTS, Scope.ALL),
    "reference-import": (Act.EDIT_USERS, Scope.ALL),
    "reading-upload": (Act.REVIEW_DATA, Scope.ALL),
    "sample-new": (Act.REVIEW_DATA, Scope.ALL),
    "ledger-carryover-list": (Act.SEE_LEDGER, Scope.ALL),
    "agreement-new": (Act.EDIT_AGREEMENTS, Scope.ALL),
    "month-missing": (Act.SEE_DRAFTS, Scope.ALL),
    "notice-list": (Act.CONFIRM, Scope.OWN),
    "ruling-list": (Act.SEE_DRAFTS, Scope.OWN),
}


def opens(link: Link, viewer: Viewer) -> bool:
    """Whether the page of the link is one of this person's."""
    act, scope = NEEDS.get(link.name, (Act.SEE_RESULTS, Scope.OWN))
    return (
        viewer.sees_all(act)
        if scope is Scope.ALL
        else viewer.may(act) or viewer.sees_all(Act.SEE_DRAFTS)
    )


def find(slug: str) -> HelpPage | None:
    return next((page for page in PAGES if page.slug == slug), None)
