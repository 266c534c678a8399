"""The fixture `understudy` as the tests of somebody's project see it, each in a world of its own.

Every block below is a test of that project, which pytest runs there; if it fails, so does the one here.
"""

from __future__ import annotations

import textwrap

import pytest

from tests.plugin.projects import Project

SCENES = {
    "url, key and env": """
        def test_it(understudy):
            assert understudy.url.startswith("http://127.0.0.1:")
            assert understudy.key.startswith("sk-test-")
            assert understudy.env["API_HOST"] == understudy.env["STABILITY_API_HOST"] == understudy.url
            assert understudy.env["STABILITY_API_KEY"] == understudy.key
            assert app.draw("a barn")[0] == 200
    """,
    "the address of the session": """
        def test_it(understudy, understudy_url):
            assert understudy.url == understudy_url
    """,
    "the balance can be read and set": """
        def test_it(understudy):
            assert understudy.balance == app.balance() == 100
            app.draw("a barn")
            assert understudy.balance == app.balance() == 99.1
            understudy.balance = 0.5
            assert app.balance() == 0.5
            assert app.draw("a barn")[0] == 429
    """,
    "failures, once": """
        def test_it(understudy):
            understudy.fail_next("server_error")
            assert [app.draw("a barn")[0] for _ in range(2)] == [500, 200]
    """,
    "a failure that needs no name": """
        def test_it(understudy):
            understudy.fail_next()
            assert app.draw("a barn")[0] == 500
    """,
    "failures, several times and for ever": """
        def test_it(understudy):
            understudy.fail_next("rate_limit_exceeded", times=2)
            assert [app.draw("a barn")[0] for _ in range(3)] == [429, 429, 200]
            understudy.fail_next("unavailable", times=None)
            assert [app.draw("a barn")[0] for _ in range(3)] == [503, 503, 503]
    """,
    "failures of some requests only": """
        def test_it(understudy):
            understudy.fail_next("not_found", engine="stable-diffusion-v1-5", prompt="barn")
            assert app.draw("a barn")[0] == 200
            assert app.draw("a house", engine="stable-diffusion-v1-5")[0] == 200
            assert app.draw("a red BARN", engine="stable-diffusion-v1-5")[0] == 404
            understudy.fail_next("server_error", path="/v1/user/*")
            assert app.ask("/v1/engines/list")[0] == 200
            assert app.ask("/v1/user/balance")[0] == 500
            understudy.fail_next("server_error", operation="text-to-image", version="v1", call=2)
            assert [app.draw("a barn")[0] for _ in range(3)] == [200, 500, 200]
    """,
    "failures by chance, the same ones in every run": """
        def test_it(understudy):
            understudy.fail_next("server_error", times=None, probability=0.5, seed=3)
            first = [app.ask("/v1/user/balance")[0] for _ in range(12)]
            understudy.reset()
            understudy.fail_next("server_error", times=None, probability=0.5, seed=3)
            assert [app.ask("/v1/user/balance")[0] for _ in range(12)] == first
            assert set(first) == {200, 500}
    """,
    "a rule can be forgotten": """
        def test_it(understudy):
            first = understudy.fail_next("server_error", times=None)
            understudy.fail_next("not_found", times=None)
            understudy.forget(first)
            assert app.draw("a barn")[0] == 404
            understudy.forget()
            assert app.draw("a barn")[0] == 200
    """,
    "latency": """
        def test_it(understudy):
            understudy.latency(0.2, times=1)
            app.draw("a barn")
            app.draw("a barn")
            understudy.forget()
            understudy.latency(median=0.01, sigma=0.1, operation="balance")
            app.balance()
            understudy.forget()
            understudy.latency(real=True, operation="balance")
            app.balance()
            waits = [entry.latency for entry in understudy.journal]
            assert waits[:2] == [0.2, 0]
            assert 0 < waits[2] < 0.1 and waits[3] == 0.1
            assert understudy.journal[0].seconds >= 0.2
    """,
    "one kind of latency at a time": """
        def test_it(understudy):
            for wrong in ({}, {"seconds": 1, "real": True}, {"seconds": 0, "median": 0}):
                with pytest.raises(TypeError, match="seconds, median, or real"):
                    understudy.latency(**wrong)
    """,
    "the journal": """
        def test_it(understudy):
            app.draw("a barn", cfgscale=7)
            understudy.fail_next("server_error")
            app.draw("a house")
            app.balance()
            journal = understudy.journal
            assert [entry.operation for entry in journal] == ["text-to-image", "text-to-image", "balance"]
            assert journal[0].fields["cfgscale"] == 7 and "cfgscale" in journal[0].findings[0]
            assert [entry.charged for entry in journal[:2]] == [0.9, 0]
            assert len(journal) == journal.count() == 3
            assert journal.count(operation="text-to-image") == 2
            assert [entry.prompts for entry in journal.where(status=500)] == [["a house"]]
            assert journal.where(operation="text-to-image").count(outcome="server_error") == 1
            assert journal.where(prompt="BARN")[0].status == 200
            assert str(journal[2]) == "#3 GET /v1/user/balance -> 200"
            journal.clear()
            assert not journal
    """,
    "expectations": """
        def test_it(understudy):
            assert understudy.journal.expect(0) == []
            app.draw("a barn")
            understudy.fail_next("timeout", operation="balance")
            understudy.fail_next("server_error")
            app.draw("a house")
            assert understudy.journal.expect(2, operation="text-to-image")[1].status == 500
            assert understudy.journal.expect(status=200)[0].prompts == ["a barn"]
            with pytest.raises(AssertionError) as caught:
                understudy.journal.expect(1, status=404, path="/v1/*")
            assert str(caught.value) == (
                "expected 1 of status=404, path='/v1/*', found 0; the journal holds\\n"
                "  #1 POST /v1/generation/stable-diffusion-v1-6/text-to-image -> 200\\n"
                "  #2 POST /v1/generation/stable-diffusion-v1-6/text-to-image -> 500"
            )
            with pytest.raises(AssertionError, match="expected at least 1 of status=404, found 0"):
                understudy.journal.expect(status=404)
            understudy.journal.clear()
            with pytest.raises(AssertionError, match="expected at least 1 of requests, found 0; .* holds\\n  nothing"):
                understudy.journal.expect()
    """,
    "an entry knows its facts and can be copied": """
        import copy

        def test_it(understudy):
            app.balance()
            entry = understudy.journal[0]
            assert copy.deepcopy(entry) == entry
            with pytest.raises(AttributeError, match="a journal entry has no stauts; it has number, at, method"):
                entry.stauts
    """,
    "a misspelt word is refused": """
        from understudy.testing import ControlError

        def test_it(understudy):
            for wrong, word in (
                (lambda: understudy.fail_next("sever_error"), "outcome"),
                (lambda: understudy.fail_next("server_error", promt="barn"), "promt"),
                (lambda: understudy.change(balans=3), "balans"),
                (lambda: understudy.journal.expect(opertion="balance"), "opertion"),
                (lambda: understudy.journal.count(stauts=200), "stauts"),
            ):
                with pytest.raises(ControlError, match=word) as caught:
                    wrong()
                assert caught.value.status == 400
            assert understudy.state["rules"] == 0
    """,
    "time passes at once": """
        def test_it(understudy):
            understudy.change(rate_limit={"requests": 1, "window": 10, "lockout": 60})
            assert [app.ask("/v1/user/balance")[0] for _ in range(2)] == [200, 429]
            understudy.advance(60)
            assert app.ask("/v1/user/balance")[0] == 200
            understudy.change(rate_limit=None)
            assert [app.ask("/v1/user/balance")[0] for _ in range(3)] == [200] * 3
    """,
    "snapshots": """
        from understudy.testing import ControlError

        def test_it(understudy):
            understudy.fail_next("server_error", call=2)
            understudy.snapshot()
            understudy.snapshot("also this")
            first = [app.draw("a barn") for _ in range(3)]
            understudy.restore("also this")
            assert understudy.balance == 100 and not understudy.journal
            again = [app.draw("a barn") for _ in range(3)]
            assert [status for status, _, _ in again] == [200, 500, 200]
            assert [body for status, _, body in again if status == 200] == [b for s, _, b in first if s == 200]
            understudy.restore()
            with pytest.raises(ControlError, match="404: there is no snapshot"):
                understudy.restore("missing")
    """,
    "reset": """
        def test_it(understudy):
            first = app.draw("a barn")[2]
            understudy.fail_next("server_error", times=None)
            understudy.change(strict=True, role="MEMBER", engines=[])
            understudy.advance(1000)
            understudy.reset()
            state = understudy.state
            assert (state["balance"], state["spent"], state["requests"], state["rules"]) == (100, 0, 0, 0)
            assert (state["strict"], state["role"], state["engines"], state["advanced"]) == (False, "ADMIN", None, 0)
            assert app.draw("a barn")[2] == first
    """,
    "what a world can be changed to": """
        import json

        def test_it(understudy):
            state = understudy.change(role="MEMBER", engines=["stable-diffusion-v1-6"], strict=True, balance=3)
            assert (state["role"], state["balance"], state["strict"]) == ("MEMBER", 3, True)
            assert [one["id"] for one in json.loads(app.ask("/v1/engines/list")[2])] == ["stable-diffusion-v1-6"]
            assert b'"role":"MEMBER"' in app.ask("/v1/user/account")[2]
            assert app.draw("a barn", cfgscale=7)[0] == 400
            assert understudy.change(engines=None)["engines"] is None
    """,
    "another world beside it": """
        from understudy.testing import Understudy

        def test_it(understudy):
            other = Understudy(understudy.url + "/", "sk-test-other-c5")
            app.draw("a barn")
            assert (other.balance, understudy.balance) == (5, 99.1)
            assert not other.journal
    """,
    "proxies are not for servers on this machine": """
        def test_it(understudy, monkeypatch):
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
                monkeypatch.setenv(name, "http://127.0.0.1:9")
            assert understudy.balance == 100
    """,
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each scene, all of which one run has played."""
    project = Project(tmp_path_factory.mktemp("scenes"))
    for number, scene in enumerate(SCENES.values()):
        project.write(f"test_{number:02}.py", f"import app\nimport pytest\n{textwrap.dedent(scene)}")
    output = project.run("-v", "--no-header", "-rN", "--tb=short").output
    passed = {line.partition("::")[0] for line in output.splitlines() if "::test_it PASSED" in line}
    return {name: "PASSED" if f"test_{number:02}.py" in passed else output for number, name in enumerate(SCENES)}


@pytest.mark.parametrize("scene", SCENES)
def test_a_project_can_rely_on(scene: str, outcomes: dict[str, str]) -> None:
    """Each part of the fixture does what the documentation says, in a project with an `app` of its own."""
    assert outcomes[scene] == "PASSED", outcomes[scene]
