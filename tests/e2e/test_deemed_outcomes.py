"""What the law puts in place of an act that did not come in time, end to end under a moved clock: pages, worker and messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.assessments.models import Assessment
from qualification.assessors.models import Offer
from qualification.certificates.models import Certificate
from qualification.models import TransitionLog
from tests.e2e import laboratory, officers, team
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, give_keys, give_passwords
from tests.e2e.moved import Time, at
from tests.e2e.worker import work
from tests.factories.cases import World
from workflows.clocks.models import Clock
from workflows.consistency import findings
from workflows.demo.walk import Wish
from workflows.outbox.models import Message

pytestmark = pytest.mark.needs_system("chromium")
SECOND = dt.timedelta(seconds=1)
#: A Monday without a holiday near: five working days end on Monday the 9th.
RECEIPT = at("2026-03-02 09:30")


class Cast(World):
    """The people of a case of Hebei alone, and a supervisor who looks on."""

    def __init__(self) -> None:
        super().__init__(joint=False)
        self.supervisor = self.user(Role.SUPERVISOR, self.lead)


@pytest.fixture
def time() -> Iterator[Time]:
    clock = Time()
    clock.to(RECEIPT)
    yield clock
    clock.back()


@pytest.fixture
def cast(time: Time, transactional_db: None) -> Cast:
    """Everybody can sign in; Hebei has its key."""
    world = Cast()
    give_passwords()
    give_keys("03")
    return world


@pytest.fixture
def come(enter: Enter) -> Callable[[User], Visitor]:
    """A person at a fresh browser: after days, everybody signs in anew."""
    return lambda user: enter(user.username, user)


Come = Callable[[User], Visitor]


def clock_of(application: Application, code: str) -> Clock:
    return Clock.objects.filter(application=application, code=code).latest("pk")


def due(application: Application, code: str) -> dt.datetime:
    moment = clock_of(application, code).due_at
    assert moment is not None
    return moment


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def pass_midnight(time: Time, moment: dt.datetime, untouched: Callable[[], Any]) -> None:
    """The worker changes nothing a second before the due moment, and acts a second after it."""
    before = untouched()
    time.to(moment - SECOND, stands=True)
    work()
    assert untouched() == before
    time.to(moment + SECOND)
    work()
    assert untouched() != before
    assert [str(finding) for finding in findings()] == []


def history(person: Visitor, application: Application, *texts: str) -> None:
    person.open(f"/cases/{application.uuid}/")
    for text in texts:
        expect(person.page.locator("#history")).to_contain_text(text)


def messages(person: Visitor) -> list[str]:
    """What the list of messages says, a line each, the newest first."""
    person.open("/messages/")
    return person.page.locator("main tbody tr").all_inner_texts()


def acted_by_law(application: Application, verb: str, moment: dt.datetime, article: str) -> None:
    """The log: nobody's act, at this moment, with the article."""
    log = TransitionLog.objects.filter(application=application, verb=verb).latest("pk")
    assert (log.by, log.at - moment <= 60 * SECOND) == (None, True)
    assert article in log.article


def why(person: Visitor, clock: Clock, *texts: str) -> None:
    person.open(f"/clocks/{clock.uuid}/")
    person.see(*texts)


# Deemed accepted


def handed_in(cast: Cast, come: Come) -> Application:
    """By the laboratory, on its pages."""
    application = cast.walk("upload_materials").application
    lab = come(cast.manager)
    lab.open(f"/applications/{application.uuid}/edit/")
    laboratory.submit(lab)
    work()
    return fresh(application)


def test_deemed_accepted_dated_the_day_of_receipt(time: Time, cast: Cast, come: Come) -> None:
    application = handed_in(cast, come)
    assert due(application, "acceptance") == at("2026-03-10 00:00")
    pass_midnight(time, due(application, "acceptance"), lambda: fresh(application).state)
    assert fresh(application).accepted_on == dt.date(2026, 3, 2)
    acted_by_law(application, "deem_accepted", at("2026-03-10 00:00"), "行政许可法")
    missed, review = clock_of(application, "acceptance"), clock_of(application, "technical_review")
    assert (missed.state, missed.breached_at) == ("expired", at("2026-03-10 00:00"))
    assert (review.started_on, review.due_on) == (dt.date(2026, 3, 2), dt.date(2026, 4, 14))

    lab = come(cast.manager)
    history(lab, application, "依法视为受理", "行政许可法")
    lab.see("2026年3月2日", "视为受理", "检验检测机构资质认定申请受理通知书")
    assert any("视为受理" in title for title in messages(lab))
    intake = come(cast.intake)
    intake.open("/inbox/")
    assert application.reference not in intake.page.locator("main").inner_text()
    assert any("逾期" in title for title in messages(intake))
    supervisor = come(cast.supervisor)
    history(supervisor, application, "依法视为受理", "行政许可法")
    why(supervisor, missed, "2026年3月9日", "行政许可法")
    why(supervisor, review, "2026年3月2日", "2026年4月14日")


def test_acceptance_in_the_last_second_is_in_time(time: Time, cast: Cast, come: Come) -> None:
    application = handed_in(cast, come)
    time.to(due(application, "acceptance") - SECOND, stands=True)
    officers.accept(come(cast.intake))
    time.to(due(application, "acceptance") + SECOND)
    work()
    accepted = fresh(application)
    assert (accepted.is_deemed_accepted, accepted.accepted_on) == (False, dt.date(2026, 3, 9))
    assert (clock_of(application, "acceptance").state, clock_of(application, "acceptance").breached_at) == (
        "stopped", None,
    )  # fmt: skip


def test_acceptance_a_second_late_is_answered_and_the_law_stands(time: Time, cast: Cast, come: Come) -> None:
    application = handed_in(cast, come)
    time.to(due(application, "acceptance") - 30 * SECOND)
    officer = come(cast.intake)
    officer.take_task("examine")
    # The page stood open over midnight, and the worker has not come yet.
    time.to(due(application, "acceptance") + SECOND, stands=True)
    too_late(officer, "accept", "2026年3月10日")
    assert fresh(application).state == "submitted"
    work()
    assert fresh(application).is_deemed_accepted
    history(officer, application, "依法视为受理")


def too_late(person: Visitor, question: str, *texts: str) -> None:
    """The act is refused with an answer (409) that says when the limit ended; nothing breaks."""
    box = person.page.locator(f"#ask-{question}")
    box.locator("summary").click()
    person.press(box.locator("dialog button[type=submit]"), status=409)
    person.see(*texts)


# The supplement


def test_the_application_lapses_without_its_supplement(time: Time, cast: Cast, come: Come) -> None:
    walk = cast.walk("submit")
    walk.ask_supplement("质量手册缺第三章")
    application = walk.application
    assert due(application, "supplement") == at("2026-04-02 00:00")
    lab = come(cast.manager)
    lab.open("/home/")
    lab.see("提交补正材料")
    pass_midnight(time, due(application, "supplement"), lambda: fresh(application).state)
    assert fresh(application).state == "lapsed"
    assert not Clock.objects.open().filter(application=application).exists()

    lab = come(cast.manager)
    lab.open("/home/")
    lab.see("目前没有待办事项", "视为放弃申请")
    history(lab, application, "视为放弃申请", "视为放弃资质认定申请通知书")
    assert any("视为放弃申请" in title for title in messages(lab))
    intake = come(cast.intake)
    history(intake, application, "补正期限届满", "视为放弃申请")
    supervisor = come(cast.supervisor)
    history(supervisor, application, "补正期限届满", "视为放弃申请")
    why(supervisor, clock_of(application, "supplement"), "2026年4月1日")


def test_a_supplement_in_the_last_second_and_a_second_late(time: Time, cast: Cast, come: Come) -> None:
    walk = cast.walk("submit")
    walk.ask_supplement("质量手册缺第三章")
    application = walk.application
    moment = due(application, "supplement")
    time.to(moment - 40 * SECOND)
    tabs = [come(cast.manager), come(cast.manager)]
    for tab in tabs:
        tab.open(f"/applications/{application.uuid}/supplement/")
    for tab in tabs:
        tab.fill(answer="已补齐第三章。")
    time.to(moment, stands=True)
    too_late(tabs[0], "supplement", "2026年4月2日")
    assert fresh(application).supplement.state == "sent"
    time.to(moment - SECOND, stands=True)
    tabs[1].confirm("supplement")
    time.to(moment + SECOND)
    work()
    assert (fresh(application).state, fresh(application).supplement.state) == ("submitted", "handed_in")
    assert clock_of(application, "supplement").state == "stopped"


def agree(person: Visitor, **answers: str) -> None:
    """Fill in an act on a limit, look at what it would do, and confirm it."""
    person.fill(**answers)
    person.press("main form button.btn-primary")
    person.press("main form button[name=confirm]")


def test_a_lapse_is_contested_by_a_supervisor_and_set_aside(time: Time, cast: Cast, come: Come) -> None:
    walk = cast.walk("submit")
    walk.ask_supplement("质量手册缺第三章")
    application = walk.application
    lapsed = clock_of(application, "supplement")
    time.to(due(application, "supplement") + SECOND)
    work()
    time.to(at("2026-04-03 10:00"))
    supervisor = come(cast.supervisor)
    supervisor.open(f"/clocks/{lapsed.uuid}/")
    supervisor.press("main a[href$='/contest/']")
    agree(supervisor, reason="系统停运期间无法提交")
    contest = lapsed.contests.get()
    assert (contest.state, contest.asked_by) == ("asked", cast.supervisor)
    decider = come(cast.decider)
    decider.open(f"/clocks/contests/{contest.uuid}/")
    decider.see("系统停运期间无法提交")
    decider.choose("verb", "set_aside")
    agree(decider, text="情况属实")
    work()
    assert fresh(application).state == "submitted"
    again = clock_of(application, "supplement")
    assert (again.pk != lapsed.pk, again.due_on) == (True, dt.date(2026, 5, 6))
    assert [str(finding) for finding in findings()] == []
    lab = come(cast.manager)
    lab.open("/home/")
    lab.see("提交补正材料")
    supervisor.open(f"/clocks/contests/{contest.uuid}/")
    supervisor.see("情况属实")


# Rectification


def test_a_rectification_that_does_not_come_fails_the_items(time: Time, cast: Cast, come: Come) -> None:
    walk = cast.walk("conclude", answer_checklist={"mostly": 2})
    application = walk.application
    lab = come(cast.manager)
    lab.open("/home/")
    lab.see("整改并提交证明材料")
    moment = due(application, "rectification")
    pass_midnight(time, moment, lambda: Assessment.objects.get(application=application).state)
    assessment = Assessment.objects.get(application=application)
    assert (assessment.first_conclusion, assessment.conclusion, assessment.is_rectified) == ("mostly", "not", False)
    acted_by_law(application, "expire", moment, "评审准则")
    review = clock_of(application, "technical_review")
    assert review.intervals.get().resumed_at is not None

    lab = come(cast.manager)
    lab.open(f"/assessments/{assessment.uuid}/rectification/", status=409)
    history(lab, application, "整改期限届满")
    assert any("整改" in title for title in messages(lab))
    leader = come(walk.leader)
    assert any("逾期未整改" in title for title in messages(leader))
    leader.take_task("report")
    leader.see("不符合")
    supervisor = come(cast.supervisor)
    history(supervisor, application, "整改期限届满")


# Offers


def test_an_offer_without_an_answer_goes_to_the_next(time: Time, cast: Cast, come: Come) -> None:
    application = cast.walk("draw_team").application
    silent = Offer.objects.filter(application=application, state="sent").select_related("assessor__user", "seat")
    asked = {offer.seat_id: offer.assessor for offer in silent}
    late = silent.order_by("pk")[0]
    time.to(RECEIPT + 60 * SECOND)
    old = come(late.assessor.user)
    old.open("/offers/")
    old.press(old.page.locator("main a[href^='/offers/']").first)
    moment = due(application, "offer")
    assert moment == at("2026-03-05 00:00")
    pass_midnight(time, moment, lambda: set(silent.values_list("pk", flat=True)))
    again = {offer.seat_id: offer.assessor for offer in silent.all()}
    assert again.keys() == asked.keys()
    assert {seat for seat in asked if asked[seat] == again[seat]} == set()

    person = come(late.assessor.user)
    person.open("/offers/")
    person.see("没有待您答复的评审邀请", "逾期未答复")
    assert any("失效" in title for title in messages(person))
    candidate = come(again[late.seat_id].user)
    team.accept_offer(candidate)
    coordinator = come(cast.coordinator)
    history(coordinator, application, "邀请", "评审员接受邀请")


# Renewal


@pytest.fixture
def certificate(cast: Cast) -> Certificate:
    """Valid for six years from March 2026."""
    application = cast.walk("issue").application
    work()
    return Certificate.objects.get(editions__application=application)


def renewal(cast: Cast, certificate: Certificate) -> Application:
    return cast.walk("submit", wish=Wish(kinds=["renewal"], certificate=certificate)).application


def register(enter: Enter, certificate: Certificate) -> Visitor:
    public = enter("public")
    public.open(certificate.get_absolute_url())
    return public


def test_a_renewal_in_time_and_undecided_is_deemed_granted(
    time: Time, cast: Cast, enter: Enter, certificate: Certificate
) -> None:
    end = certificate.valid_until
    last_day = dt.datetime.combine(end, dt.time(), RECEIPT.tzinfo) - dt.timedelta(days=95)
    time.to(last_day + dt.timedelta(hours=10))
    application = renewal(cast, certificate)
    midnight = dt.datetime.combine(end + dt.timedelta(days=1), dt.time(), RECEIPT.tzinfo)
    pass_midnight(time, midnight, lambda: Certificate.objects.get(pk=certificate.pk).deemed_renewed_on)
    kept = Certificate.objects.get(pk=certificate.pk)
    assert (kept.state, kept.deemed_renewed_on, kept.deemed_by) == ("valid", end, application)
    time.to(midnight + dt.timedelta(days=3))
    public = register(enter, certificate)
    public.see("有效", "视为准予延续", "行政许可法", "第五十条")
    told = set(Message.objects.filter(kind="certificate_deemed_renewed").values_list("recipient_id", flat=True))
    assert {cast.manager.pk, cast.supervisor.pk, cast.decider.pk} <= told


def test_a_late_renewal_is_taken_and_the_certificate_expires(
    time: Time, cast: Cast, enter: Enter, certificate: Certificate
) -> None:
    end = certificate.valid_until
    time.to(dt.datetime.combine(end, dt.time(10), RECEIPT.tzinfo) - dt.timedelta(days=60))
    work()
    application = renewal(cast, certificate)
    assert application.state == "submitted"
    midnight = dt.datetime.combine(end + dt.timedelta(days=1), dt.time(), RECEIPT.tzinfo)
    pass_midnight(time, midnight, lambda: Certificate.objects.get(pk=certificate.pk).state)
    ended = Certificate.objects.get(pk=certificate.pk)
    assert (ended.state, ended.deemed_renewed_on) == ("expired", None)
    public = register(enter, certificate)
    public.see("已到期")
    assert "视为准予延续" not in public.page.locator("main").inner_text()
