"""All addresses; the apps are named by string."""

from allauth.account import views as account
from django.urls import include, path

from kim import views

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("koerperschaft/", views.ChooseBody.as_view(), name="choose-body"),
    path("herkunft/<str:name>/", views.SourcePage.as_view(), name="herkunft"),
    path("anmelden/", views.ruled(account.login, "public"), name="account_login"),
    path("abmelden/", views.ruled(account.logout, "public"), name="account_logout"),
    path("konto/passwort/", views.ruled(account.password_change, "kim.account"), name="account_change_password"),
    # allauth asks for these by name; no page of ours leads there
    path("konto/registrieren/", views.closed, name="account_signup"),
    path("konto/vergessen/", views.closed, name="account_reset_password"),
    path("konto/gesperrt/", views.closed, name="account_inactive"),
    path("konto/neu/", views.closed, name="account_set_password"),
    path("konto/bestaetigen/", views.closed, name="account_reauthenticate"),
    path("", include("grants.urls")),
    path("", include("staffing.urls")),
    path("", include("meetings.urls")),
]
handler400 = "kim.views.bad_request"
handler403 = "kim.views.forbidden"
handler404 = "kim.views.not_found"
handler500 = "kim.views.broken"
