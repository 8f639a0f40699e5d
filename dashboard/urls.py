"""Addresses of the pages: one view module a page of product.md."""

from django.contrib.auth import views as auth
from django.urls import include, path

from dashboard.about import views as about
from dashboard.account import views as account
from dashboard.agreements import drafts
from dashboard.agreements import views as agreements
from dashboard.audit import views as audit
from dashboard.basins import views as basins
from dashboard.basis import views as basis
from dashboard.calendar import views as calendar
from dashboard.demands import views as demands
from dashboard.districts import views as districts
from dashboard.explain import views as explain
from dashboard.frame import sign_in
from dashboard.help import views as help_pages
from dashboard.observations import views as observations
from dashboard.overview import views as overview
from dashboard.papers import requests, verify
from dashboard.papers import views as papers
from dashboard.people import views as people
from dashboard.rules import views as rules
from dashboard.rulings import views as rulings
from dashboard.scenarios import views as scenarios
from dashboard.sections import views as sections
from dashboard.settlements import views as settlements
from dashboard.start import views as start
from dashboard.start.map_file import map_file
from dashboard.water_bodies import views as water_bodies

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("basins/", basins.basin_list, name="basin-list"),
    path("basins/<str:code>/", basins.basin, name="basin"),
    path("sections/", sections.section_list, name="section-list"),
    path("sections/<str:code>/", sections.section, name="section"),
    path("districts/", districts.district_list, name="district-list"),
    path("districts/<str:code>/", districts.district, name="district"),
    path("agreements/", agreements.agreement_list, name="agreement-list"),
    path("agreements/new/", drafts.new, name="agreement-new"),
    path("agreements/drafts/<int:pk>/check/", drafts.check, name="draft-check"),
    path(
        "agreements/drafts/<int:pk>/documents/<int:document>/",
        drafts.document,
        name="draft-document",
    ),
    path("agreements/drafts/<int:pk>/<str:step>/", drafts.step, name="draft-step"),
    path(
        "agreements/<str:code>/documents/<int:document>/",
        drafts.agreement_document,
        name="agreement-document",
    ),
    path("agreements/<str:code>/amend/", drafts.amend, name="agreement-amend"),
    path("agreements/<str:code>/", agreements.agreement, name="agreement"),
    path("", include("dashboard.notices.urls")),
    path("", include("dashboard.objections.urls")),
    path("", include("dashboard.settlements.urls")),
    path("settlements/", settlements.settlement_list, name="settlement-list"),
    path("settlements/<str:code>/<int:year>/", settlements.settlement, name="settlement"),
    path(
        "settlements/<str:code>/<int:year>/<int:month>/",
        settlements.settlement_month,
        name="settlement-month",
    ),
    path("accruals/<int:pk>/", explain.explain, name="explain"),
    path("ledger/", include("dashboard.ledger.urls")),
    path("ledger/demands/", demands.demand_list, name="ledger-demand-list"),
    path("ledger/demands/<int:pk>/", demands.demand, name="ledger-demand"),
    path(
        "ledger/demands/<int:pk>/paper.<str:format>",
        demands.demand_file,
        name="ledger-demand-file",
    ),
    path("", include("dashboard.data.urls")),
    path("", include("dashboard.samples.urls")),
    path("", include("dashboard.stations.urls")),
    path("data/observations/", observations.observation_list, name="observation-list"),
    path("data/observations/new/", observations.new, name="observation-new"),
    path("data/observations/upload/", observations.upload, name="observation-upload"),
    path("data/observations/record/", observations.record, name="observation-record"),
    path("data/observations/template.csv", observations.template_file, name="observation-template"),
    path("data/observations/<int:pk>/", observations.observation, name="observation"),
    path("data/water-bodies/", water_bodies.water_body_list, name="water-body-list"),
    path("data/water-bodies/<str:code>/", water_bodies.water_body, name="water-body"),
    path("rulings/", rulings.ruling_list, name="ruling-list"),
    path("rulings/new/", rulings.new, name="ruling-new"),
    path("rulings/<int:pk>/", rulings.ruling, name="ruling"),
    path("rulings/<int:pk>/evidence/", rulings.evidence, name="ruling-evidence"),
    path("rules/", rules.rule_list, name="rule-list"),
    path("rules/<str:code>/", rules.rule, name="rule"),
    path("simulator/", scenarios.simulator, name="simulator"),
    path("simulator/runs/", scenarios.start_run, name="scenario-run-start"),
    path("simulator/runs/<int:pk>/", scenarios.run, name="scenario-run"),
    path("simulator/runs/<int:pk>/cancel/", scenarios.cancel_run, name="scenario-run-cancel"),
    path("simulator/s/<str:token>/", scenarios.scenario, name="scenario"),
    path("simulator/s/<str:token>/copy/", scenarios.copy, name="scenario-copy"),
    path("simulator/s/<str:token>/delete/", scenarios.delete, name="scenario-delete"),
    path("simulator/s/<str:token>/export.csv", scenarios.export, name="scenario-export"),
    path("simulator/s/<str:token>/export.xlsx", scenarios.export_xlsx, name="scenario-export-xlsx"),
    path("simulator/s/<str:token>/terms/add/", scenarios.term_add, name="scenario-term-add"),
    path(
        "simulator/s/<str:token>/terms/remove/", scenarios.term_remove, name="scenario-term-remove"
    ),
    path("simulator/s/<str:token>/terms/<int:number>/", scenarios.term, name="scenario-term"),
    path("basis/", basis.basis, name="basis"),
    path("basis/choose/", basis.choose, name="basis-choose"),
    path("basis/<int:pk>/withdraw/", basis.withdraw, name="basis-withdraw"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/announce/", calendar.announce, name="calendar-announce"),
    path("calendar/acts/<int:pk>/", calendar.calendar_act, name="calendar-act"),
    path("calendar/day/", calendar.change_day, name="calendar-day"),
    path("calendar/template.csv", calendar.template, name="calendar-template"),
    path("start/", start.start, name="start"),
    path("start/place/", start.place, name="start-place"),
    path("start/map/", map_file, name="start-map"),
    path("reference/", include("dashboard.reference.urls")),
    path("people/", people.people_list, name="people"),
    path("people/new/", people.new, name="person-new"),
    path("people/acts/", people.act_list, name="person-act-list"),
    path("people/acts/<int:pk>/", people.act, name="person-act"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/<str:kind>/", people.propose, name="person-act-new"),
    path("audit/", audit.changes, name="audit"),
    path("audit/access/", audit.access, name="audit-access"),
    path("audit/<int:pk>/", audit.change, name="audit-record"),
    path("statements/", papers.paper_list, name="paper-list"),
    path("statements/preview/", papers.preview, name="paper-preview"),
    path("statements/issue/", requests.issue, name="paper-issue"),
    path("statements/exports/", requests.start_export, name="paper-export-start"),
    path("statements/exports/check/", requests.check_year, name="paper-export-check"),
    path("statements/requests/<int:pk>/", requests.issue_request, name="issue-request"),
    path("statements/exports/<int:pk>/", papers.show_export, name="paper-export"),
    path("statements/exports/<int:pk>/cancel/", papers.cancel_export, name="paper-export-cancel"),
    path("statements/exports/<int:pk>/file/", papers.download_export, name="paper-export-file"),
    path("statements/<int:pk>/", papers.paper, name="paper"),
    path("statements/<int:pk>/page.css", papers.paper_style, name="paper-style"),
    path("statements/<int:pk>/paper.<str:format>", papers.paper_file, name="paper-file"),
    path("verify/", verify.verify, name="verify"),
    path("verify/<str:code>/", verify.verify_by_code, name="verify-code"),
    path("", include("dashboard.programs.urls")),
    path("api/", include("dashboard.api.urls")),
    path("account/", account.account, name="account"),
    path("account/password/", account.change_password, name="account-password"),
    path("account/sessions/<int:pk>/end/", account.end_session, name="account-session-end"),
    path("help/", help_pages.index, name="help"),
    path("help/<slug:slug>/", help_pages.page, name="help-page"),
    path("about/", about.about, name="about"),
    path("patterns/", about.patterns, name="patterns"),
    path("sign-in/", sign_in.SignInView.as_view(), name="login"),
    path("session/", sign_in.extend, name="session-extend"),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
]
