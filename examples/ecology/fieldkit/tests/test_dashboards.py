import pytest
from fieldkit.dashboards import Details, gather_dashboard, save_text, stat_widget
from wt_task.skip import SKIP_SENTINEL


@pytest.mark.parametrize("folder", ["{}", "file://{}"])
def test_saved_texts(tmp_path, folder: str) -> None:  # type: ignore[no-untyped-def]
    name = save_text("<svg/>", folder.format(tmp_path), "Ämelie/../x.svg")
    assert name == "melie-x.svg"
    assert (tmp_path / name).read_text() == "<svg/>"


def test_what_was_skipped_is_left_out() -> None:
    widgets = [SKIP_SENTINEL, [stat_widget("A", 1), SKIP_SENTINEL]]
    board = gather_dashboard(Details(name="D"), widgets)  # type: ignore[arg-type]
    assert [(p.title, p.views) for p in board.widgets] == [("A", {"": "1"})]
