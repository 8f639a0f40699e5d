"""Addresses below /ledger/."""

from django.urls import path

from dashboard.ledger import books as ledger_books
from dashboard.ledger import carryovers as ledger_carryovers
from dashboard.ledger import checks as ledger_checks
from dashboard.ledger import corrections as ledger_corrections
from dashboard.ledger import offsets as ledger_offsets
from dashboard.ledger import payments as ledger_payments
from dashboard.ledger import views as ledger

urlpatterns = [
    path("", ledger.ledger, name="ledger"),
    path("accounts/<int:pk>/", ledger.account, name="ledger-account"),
    path("entries/<int:pk>/", ledger.entry, name="ledger-entry"),
    path("entries/<int:pk>/reverse/", ledger_payments.reverse_entry, name="ledger-reverse"),
    path("arrears/", ledger.arrears_list, name="ledger-arrears"),
    path("export/<str:what>.<str:form>", ledger.export, name="ledger-export"),
    path("payments/", ledger_payments.payment_list, name="ledger-payment-list"),
    path("payments/new/", ledger_payments.new, name="ledger-payment-new"),
    path("payments/<int:pk>/", ledger_payments.payment, name="ledger-payment"),
    path("payments/<int:pk>/slips/", ledger_payments.attach, name="ledger-payment-attach"),
    path("payments/<int:pk>/slips/<int:number>/", ledger_payments.slip, name="ledger-payment-slip"),
    path(
        "payments/<int:pk>/consents/<int:number>/",
        ledger_offsets.consent_scan,
        name="ledger-consent-scan",
    ),
    path("payments/<int:pk>/<str:event>/", ledger_offsets.offset_act, name="ledger-offset-act"),
    path("reversals/<int:pk>/", ledger_payments.reversal, name="ledger-reversal"),
    path("reconcile/", ledger_books.reconcile_list, name="ledger-reconcile-list"),
    path("reconcile/<int:pk>/", ledger_books.reconcile, name="ledger-reconcile"),
    path("statements/<int:pk>/correct/", ledger_corrections.correct, name="ledger-correct"),
    path("corrections/<int:pk>/", ledger_corrections.correction, name="ledger-correction"),
    path("carryovers/", ledger_carryovers.carryover_list, name="ledger-carryover-list"),
    path("carryovers/new/<str:code>/", ledger_carryovers.new, name="ledger-carryover-new"),
    path("carryovers/<int:pk>/", ledger_carryovers.carryover, name="ledger-carryover"),
    path("accounts/<int:pk>/close/", ledger_corrections.close, name="ledger-account-close"),
    path("verify/", ledger_books.verify_page, name="ledger-verify"),
    path("checks/", ledger_checks.checks, name="ledger-checks"),
    path("opening/", ledger_books.opening_list, name="ledger-opening-list"),
    path("opening/<int:pk>/", ledger_books.opening, name="ledger-opening"),
]
