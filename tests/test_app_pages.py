"""The pages as Streamlit runs them, without a browser; and the command that serves them."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("streamlit")
from streamlit.testing.v1 import AppTest

from experiments import cli
from experiments.app import house, main, pages
from experiments.app.main import SCRIPT, Wanted, greeting, is_here, parse
from experiments.messages import UserError
from tests.app_pages import WAIT, html, opened, press


def explore_page():
    """What the page's script runs for Explore."""
    from experiments.app import explore

    explore.page()


def watch_page():
    """What the page's script runs for Watch."""
    from experiments.app import watch

    watch.page()


def slider(at: AppTest, words: str):
    """Return the slider whose label holds these words."""
    return next(s for s in at.slider if words in s.label)


def test_the_script_shows_the_first_page_and_every_page_is_registered():
    at = AppTest.from_file(str(SCRIPT), default_timeout=WAIT).run()
    assert "691 of 1,000 worlds agree" in html(at)
    for _, _, module in pages.PAGES:
        assert callable(pages.shown(module))


def test_a_slider_changes_worlds_points_and_link():
    at = opened(explore_page, talk="japan")
    before = html(at)
    slider(at, "Belief").set_value(90.0)
    after = html(at.run())
    assert before != after and "Japan reckons with 90 %" in after
    assert "90" in at.query_params["belief_pct"]
    slider(at, "Belief").set_value(60.0)
    assert html(at.run()) == before
    assert "belief_pct" not in at.query_params


def test_a_link_opens_the_screen_it_was_made_from():
    at = opened(explore_page, experiment="april_2025", talk="eu", threat_pct="35", demander="conceder")
    assert slider(at, "Threat").value == pytest.approx(35.0)
    assert "European Union" in html(at) and not at.warning
    at = opened(explore_page, talk="eu", threat_pct="lots", nonsense="1")
    assert len(at.warning) == 2 and slider(at, "Threat").value == pytest.approx(20.0)


def test_another_experiment_and_talk_bring_their_own_sliders():
    at = opened(explore_page)
    at.selectbox[1].select("china").run()
    assert "China" in html(at) and any("list" in s.label for s in at.slider)
    at.selectbox[0].select("classroom").run()
    assert "All 1,000 worlds agree" in html(at) and not any("Threat" in s.label for s in at.slider)


def test_strategies_that_need_to_know_get_to_know_and_the_page_says_so():
    at = opened(explore_page, demander="rational", partner="rational")
    assert "Information is set to complete" in at.info[0].value
    assert not at.error


def test_the_box_hands_out_link_and_yaml():
    at = opened(explore_page, belief_pct="75")
    at.toggle[0].set_value(True).run()
    texts = [code.value for code in at.code]
    assert any("belief_pct=75" in text for text in texts)
    assert sum("belief_pct: 75.0" in text for text in texts) == 2
    assert "bargain --config-dir mine experiment=screen" in texts


def test_as_configured_puts_everything_back():
    at = opened(explore_page, belief_pct="75", rounds="20")
    button = next(b for b in at.button if b.label == "As configured")
    button.click().run()
    assert slider(at, "Belief").value == pytest.approx(60.0) and slider(at, "Deadline").value == pytest.approx(13.0)


def test_watching_steps_rewinds_and_ends():
    at = opened(watch_page, talk="japan", world="3", round="2")
    assert "Round 2 of 13" in html(at) and "insists on" in html(at)
    assert "Round 3 of 13" in html(press(at, "Step"))
    assert "Round 2 of 13" in html(press(at, "Back"))
    end = html(press(at, "End"))
    assert "A deal" in end and "The deal:" in end
    begin = html(press(at, "Rewind"))
    assert "Round 1 of 13" in begin and "The deal:" not in begin
    assert begin.count(" offers US tariff") == 1 and end.count(" offers US tariff") == 13
    assert "3" in at.query_params["world"] and "1" in at.query_params["round"]


def test_playing_goes_on_until_the_end(monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr("experiments.app.watch.time.monotonic", lambda: 10.0 * next(clock))
    at = opened(watch_page, talk="china", world="0", round="1")
    press(at, "Play")
    for _ in range(20):
        at.run()
    assert "A deal" in html(at) and at.session_state["plays"] is False


def test_what_a_learning_side_believes_is_shown():
    at = opened(watch_page, talk="japan", world="3", round="9", demander="bayesian")
    assert "takes Japan to be of the type" in html(at)


def test_the_command_line_of_the_page():
    assert parse(["--port=8600", "--no-browser"]) == Wanted(port=8600, browser=False)
    for words, told in (
        (["--prot", "1"], "did you mean '--port'?"),
        (["--port"], "needs a value"),
        (["--port", "80"], "from 1024 to 65535"),
        (["--plugins", "nowhere"], "no folder 'nowhere'"),
    ):
        with pytest.raises(UserError) as error:
            parse(words)
        assert told in str(error.value)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.7", "::", "teacher.example"])
def test_other_machines_get_nothing_that_runs_code(address, tmp_path, capsys):
    assert not is_here(address)
    code = cli.main(["app", "--address", address, "--plugins", str(tmp_path)])
    assert code == 2 and "--plugins" in capsys.readouterr().err
    assert "Everybody who can reach" in "\n".join(greeting(Wanted(address=address), 8501))


def test_an_address_of_no_machine_and_a_taken_port_are_told(capsys):
    assert cli.main(["app", "--address", "192.0.2.77", "--no-browser"]) == 2
    assert "not an address of this machine" in capsys.readouterr().err
    with main.socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert cli.main(["app", "--port", str(taken.getsockname()[1])]) == 2
    assert "taken" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["streamlit", "altair"])
def test_a_missing_extra_is_told_with_the_line_that_installs_it(missing, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, missing, None)
    assert cli.main(["app"]) == 2
    told = capsys.readouterr().err
    assert missing in told and "[app]" in told and "pip install" in told


def test_this_machine_alone_is_the_rule():
    assert is_here(Wanted().address) and not house.house().public
    assert "Only this machine" in "\n".join(greeting(Wanted(), 8501))
