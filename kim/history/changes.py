"""Something that is done as one act: written down as a draft, looked at, put into effect, taken back."""

from django.core.exceptions import ValidationError
from django.db import models, transaction

from kim.history import trail
from kim.models import BodyRow
from kim.models.refusals import db_errors_as_validation
from kim.store.context import act_key, describe_act


class ChangeSet(BodyRow):
    """A change of several rows that takes effect as one act, or not at all.

    Under the Umverteilung; an import or a grid writes down what it would change in the same way. A draft changes
    nothing. Its consequences are seen by doing ``apply`` in a savepoint (kim.history.preview): that takes no lock of
    its own, and what it touches is free again when the savepoint ends. ``adopt`` locks, checks and applies.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Entwurf"
        EFFECTIVE = "effective", "wirksam"
        WITHDRAWN = "withdrawn", "zurückgenommen"

    reason = models.CharField("Grund", max_length=300)
    state = models.CharField("Bearbeitungsstand", max_length=10, choices=State, default=State.DRAFT, editable=False)
    act = models.UUIDField("Vorgang", null=True, blank=True, editable=False)  # that made it effective

    kept_rows: "tuple[type[models.Model], ...]" = ()  # the change itself: stays when the act is taken back
    fixed = "Das ist kein Entwurf mehr."

    class Meta(BodyRow.Meta):
        abstract = True

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    def lock(self) -> None:
        """Keep others from changing what it changes, until the transaction ends."""
        raise NotImplementedError

    def check_effective(self) -> None:
        """ValidationError if it must not take effect as it is."""

    def apply(self) -> None:
        """Change the rows as the draft says; the state stays. ValidationError if refused."""
        raise NotImplementedError

    def let_go(self) -> None:
        """Before the act is taken back: let go of what it has made."""

    def why_not(self, error: ValidationError) -> str:
        """Why the act cannot be taken back, in words of this kind of change."""
        return " ".join(error.messages)

    @transaction.atomic
    def adopt(self) -> None:
        """wirksam setzen: all of it in one act of the history. ValidationError if it is no draft, or refused."""
        name = f"{self._meta.verbose_name} {self}"
        if not self.is_draft:
            raise ValidationError(self.fixed)
        self.check_effective()
        describe_act(act=f"{name} wirksam gesetzt", reason=self.reason)
        with db_errors_as_validation():
            self.lock()
            self.apply()
            self.state, self.act = self.State.EFFECTIVE, act_key()
            self.save()

    @transaction.atomic
    def withdraw(self, *, reason: str) -> None:
        """zurücknehmen: the counter-entry; every row is again what it was before. ValidationError with a sentence if
        something has changed since, or hangs on what came into being."""
        name = f"{self._meta.verbose_name} {self}"
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
        if self.state != self.State.EFFECTIVE or self.act is None:
            raise ValidationError("Zurücknehmen lässt sich nur, was wirksam ist.")
        describe_act(act=f"{name} zurückgenommen", reason=reason.strip())
        with db_errors_as_validation():
            self.let_go()
            try:
                trail.take_back(self.act, keep=self.kept_rows)
            except ValidationError as error:
                raise ValidationError(self.why_not(error)) from error
            self.state = self.State.WITHDRAWN
            self.save()
